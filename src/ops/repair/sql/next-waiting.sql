-- Starts parts that wait, while fewer than $2 of the repair are under way.
UPDATE activity_repair_shards SET phase = 'preparing', step = step + 1, stepped_at = clock_timestamp()
WHERE repair_id = $1 AND shard IN (
  SELECT shard FROM activity_repair_shards WHERE repair_id = $1 AND phase = 'waiting' ORDER BY shard
  LIMIT greatest(0, $2 - (
    SELECT count(*) FROM activity_repair_shards WHERE repair_id = $1 AND phase NOT IN ('waiting', 'done') AND error IS NULL))
)
RETURNING shard, step
