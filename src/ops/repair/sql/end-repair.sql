-- Ends a repair when each of its parts has come to its end.
UPDATE activity_repairs
SET finished_at = clock_timestamp(), state = CASE WHEN EXISTS (
  SELECT FROM activity_repair_shards WHERE repair_id = $1 AND error IS NOT NULL) THEN 'failed' ELSE 'done' END
WHERE id = $1 AND state = 'running'
  AND NOT EXISTS (SELECT FROM activity_repair_shards WHERE repair_id = $1 AND phase <> 'done' AND error IS NULL)
