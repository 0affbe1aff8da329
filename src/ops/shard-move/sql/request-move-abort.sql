UPDATE shard_moves SET abort_requested = true WHERE id = $1
RETURNING state
