-- Makes the shard $5 the owner of the buckets of the move $1, and takes the move from the state $3 to the state $4, in one;
-- $6: for how long the buckets took no writes, in milliseconds. No row when it is not the runner's move any more.
WITH flipped AS (
  UPDATE shard_moves SET state = $4, write_pause_ms = $6, moved_at = clock_timestamp()
  WHERE id = $1 AND runner = $2 AND state = $3
  RETURNING buckets
)
UPDATE shard_buckets SET shard = $5 FROM flipped WHERE bucket = ANY (flipped.buckets)
RETURNING bucket
