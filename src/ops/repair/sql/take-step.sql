-- Takes a step of a shard's part, once.
UPDATE activity_repair_shards
SET step = step + 1, stepped_at = clock_timestamp(), phase = $4, position = coalesce($5::jsonb, position),
  rows_total = coalesce($6, rows_total), rows_seen = rows_seen + $7, duplicates = duplicates + $8, orphans = orphans + $9,
  error = $10
WHERE repair_id = $1 AND shard = $2 AND step = $3
RETURNING step
