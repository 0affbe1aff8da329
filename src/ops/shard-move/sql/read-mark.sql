SELECT number FROM shard_move_marks WHERE move_id = $1 AND direction = $2
