-- Writes the next mark of the move $1 in the direction $2.
INSERT INTO shard_move_marks (move_id, direction) VALUES ($1, $2)
ON CONFLICT (move_id, direction) DO UPDATE SET number = shard_move_marks.number + 1
RETURNING number
