UPDATE shard_moves SET sync_slots = $3 WHERE id = $1 AND runner = $2
