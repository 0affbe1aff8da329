DELETE FROM shard_move_marks WHERE move_id = $1
