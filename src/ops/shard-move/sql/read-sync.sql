-- How far the subscription $1 has copied its tables: how many there are and how many follow by now; rows and bytes that
-- have arrived in them; and how often it failed.
WITH sub AS (
  SELECT oid FROM pg_subscription
  WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
), part AS (
  SELECT srrelid, srsubstate FROM pg_subscription_rel JOIN sub ON srsubid = sub.oid
)
SELECT (SELECT count(*)::int FROM part) AS tables,
  (SELECT count(*)::int FROM part WHERE srsubstate = 'r') AS ready,
  (
    SELECT coalesce(sum(greatest(coalesce(copying.tuples_processed, 0), coalesce(pg_stat_get_tuples_inserted(srrelid), 0))), 0)::float8
    FROM part LEFT JOIN pg_stat_progress_copy copying ON copying.relid = srrelid
  ) AS rows,
  (SELECT coalesce(sum(pg_table_size(srrelid)), 0)::float8 FROM part) AS bytes,
  (
    SELECT coalesce(sum(apply_error_count + sync_error_count), 0)::int FROM pg_stat_subscription_stats JOIN sub ON subid = sub.oid
  ) AS errors
