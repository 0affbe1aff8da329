-- The same where Citus has cut the activities into pieces of its own, on whichever nodes they lie.
SELECT ARRAY['activities'] AS tables,
  (SELECT coalesce(sum(result::float8), 0) FROM run_command_on_shards('activities',
    $cmd$ SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = '%1$s'::regclass $cmd$)) AS rows,
  citus_total_relation_size('activities')::float8 AS bytes,
  pg_database_size(current_database())::float8 AS "databaseBytes",
  (SELECT coalesce(sum(result::float8), 0) FROM run_command_on_shards('activities',
    $cmd$ SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
          WHERE relid = '%1$s'::regclass $cmd$)) AS changes,
  extract(epoch FROM clock_timestamp())::float8 AS at
