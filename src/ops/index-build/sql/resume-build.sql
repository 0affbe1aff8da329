-- Goes on with the newest build of the same work ($1) if it was interrupted. What it did is found out anew on the shards.
UPDATE index_builds b SET state = 'running', detail = NULL, requested_by = $2, runner = $3, shards = $4, reason = $5,
  heartbeat_at = clock_timestamp(), abort_requested = false, finished_at = NULL
FROM (SELECT id, state, gates FROM index_builds WHERE work = $1 ORDER BY id DESC LIMIT 1) last
WHERE b.id = last.id AND last.state = 'interrupted'
RETURNING b.id, last.gates
