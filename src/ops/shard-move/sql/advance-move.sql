-- From the state $3 to the state $4; no row when it is not the runner's move any more.
UPDATE shard_moves SET state = $4::text, error = NULL, heartbeat_at = clock_timestamp(),
  finished_at = CASE WHEN $4::text IN ('done', 'returned', 'aborted') THEN clock_timestamp() END
WHERE id = $1 AND runner = $2 AND state = $3
RETURNING id
