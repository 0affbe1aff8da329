-- How many rows of each of the topics $1 are there (counted up to 100,000 in all), and how old the oldest is; ids carry
-- their time (41 bits of milliseconds since 2010, then 22 bits).
WITH counted AS (
  SELECT topic, count(*)::int AS rows
  FROM (SELECT topic FROM outbox WHERE topic = ANY ($1::varchar[]) LIMIT 100000) AS bounded
  GROUP BY topic
)
SELECT counted.topic, counted.rows,
  (extract(epoch FROM clock_timestamp()) - ((oldest.id >> 22) + 1262304000000) / 1000.0)::float8 AS age
FROM counted
CROSS JOIN LATERAL (SELECT id FROM outbox WHERE topic = counted.topic ORDER BY id LIMIT 1) AS oldest
