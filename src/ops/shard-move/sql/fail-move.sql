-- Why the runner $2 could not go on with the move $1, or null; it is free for somebody else.
UPDATE shard_moves SET error = $3, runner = NULL, heartbeat_at = clock_timestamp() WHERE id = $1 AND runner = $2
