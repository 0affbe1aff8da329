SELECT shard, phase, step, position, rows_total::float8 AS rows_total, rows_seen::float8 AS rows_seen,
  duplicates::float8 AS duplicates, orphans::float8 AS orphans, error, stepped_at
FROM activity_repair_shards WHERE repair_id = $1 ORDER BY shard
