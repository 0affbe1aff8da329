-- A process is there: $1 its id, $2 its name, $3 its roles, $4 and $5 its pools, $6 its open breakers. Who has not been
-- heard of for a minute is forgotten.
WITH forgotten AS (
  DELETE FROM serving_processes WHERE seen_at < clock_timestamp() - interval '1 minute' AND id <> $1
)
INSERT INTO serving_processes AS known (id, name, roles, primary_pool, shard_pool, breakers)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET breakers = excluded.breakers, seen_at = clock_timestamp()
