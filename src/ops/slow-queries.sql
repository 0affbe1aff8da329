-- The $1 statements that cost most in this database, with their share of the time of all of them. Statements that
-- carry the password of another server are left out.
WITH costs AS (
  SELECT query, calls, rows, total_exec_time, shared_blks_hit AS hit, shared_blks_hit + shared_blks_read AS touched,
    sum(total_exec_time) OVER () AS all_time
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query !~* '(CREATE|ALTER)\s+SUBSCRIPTION'
)
SELECT query, calls::float8 AS calls, rows::float8 AS rows, total_exec_time / greatest(calls, 1) AS "meanMs",
  total_exec_time AS "totalMs", coalesce(total_exec_time / nullif(all_time, 0), 0) AS share,
  hit::float8 / nullif(touched, 0) AS "cacheHits"
FROM costs ORDER BY total_exec_time DESC LIMIT $1
