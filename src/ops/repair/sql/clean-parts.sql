-- Sends every part that has begun and not ended to clean up after itself.
UPDATE activity_repair_shards SET phase = 'cleaning', step = step + 1, stepped_at = clock_timestamp(), error = NULL
WHERE repair_id = $1 AND phase NOT IN ('waiting', 'done')
RETURNING shard, step
