-- Takes failed parts up again where they failed.
UPDATE activity_repair_shards SET error = NULL, step = step + 1, stepped_at = clock_timestamp()
WHERE repair_id = $1 AND error IS NOT NULL
RETURNING shard, step, phase
