-- The first rows by id are the oldest; ids carry their time (41 bits of milliseconds since 2010, then 22 bits).
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 100000) AS bounded)::int AS rows,
  coalesce((SELECT extract(epoch FROM clock_timestamp()) - ((id >> 22) + 1262304000000) / 1000.0
            FROM outbox ORDER BY id LIMIT 1), 0)::float8 AS age
