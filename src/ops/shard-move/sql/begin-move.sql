-- The move $1, if it is in one of the states $2, goes on to the state $3 with the runner $4; an error is forgotten.
UPDATE shard_moves SET state = $3, runner = $4, error = NULL, heartbeat_at = clock_timestamp(), abort_requested = false
WHERE id = $1 AND state = ANY ($2)
RETURNING id
