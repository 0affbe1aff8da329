-- What the activities of a shard are: about how many rows (those of the last count, in proportion to the size since), their
-- size with indexes, that of the database, and how many rows were written, changed or removed since the statistics began.
SELECT coalesce(array_agg(pg_class.relname::text ORDER BY pg_class.relname), '{}') AS tables,
  coalesce(sum(CASE
    WHEN reltuples > 0 AND relpages > 0
      THEN reltuples / relpages * (pg_relation_size(pg_class.oid) / current_setting('block_size')::int)
    ELSE coalesce(n_live_tup, 0) END), 0)::float8 AS rows,
  coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::float8 AS bytes,
  pg_database_size(current_database())::float8 AS "databaseBytes",
  coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::float8 AS changes,
  extract(epoch FROM clock_timestamp())::float8 AS at
FROM pg_class LEFT JOIN pg_stat_user_tables ON relid = pg_class.oid
WHERE relkind = 'r'
  AND (pg_class.oid = to_regclass('activities') OR pg_class.oid IN (SELECT relid FROM pg_partition_tree('activities') WHERE isleaf))
