-- A shard's part in a repair that is running, if it has come to this step and no further.
SELECT part.shard, phase, step, position, rows_total::float8 AS rows_total, rows_seen::float8 AS rows_seen,
  part.duplicates::float8 AS duplicates, part.orphans::float8 AS orphans, error, stepped_at, rows_per_second
FROM activity_repair_shards AS part JOIN activity_repairs AS repair ON repair.id = part.repair_id
WHERE repair_id = $1 AND shard = $2 AND step = $3 AND error IS NULL AND (repair.state = 'running' OR phase = 'cleaning')
