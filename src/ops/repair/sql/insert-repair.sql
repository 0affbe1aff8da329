-- Opens a repair of the shards $3, unless one is running.
WITH opened AS (
  INSERT INTO activity_repairs (requested_by, rows_per_second) VALUES ($1, $2)
  ON CONFLICT (state) WHERE state = 'running' DO NOTHING
  RETURNING id
), parts AS (
  INSERT INTO activity_repair_shards (repair_id, shard) SELECT opened.id, part FROM opened, unnest($3::smallint[]) AS part
)
SELECT id FROM opened
