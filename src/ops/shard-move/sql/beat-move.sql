-- A sign of life from the runner $2 of the move $1, with how far it is; no row when it is not its move any more.
UPDATE shard_moves SET heartbeat_at = clock_timestamp(), progress = progress || $3::jsonb
WHERE id = $1 AND runner = $2
RETURNING abort_requested AS "abortRequested"
