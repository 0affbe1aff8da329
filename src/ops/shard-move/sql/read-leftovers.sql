-- What lies in a database that is to become a shard: whether it has our tables, the partitions among them, how many other
-- tables and views there are, and where the database is, as itself knows it.
SELECT to_regclass('public.migrations') IS NOT NULL AND to_regclass('public.activities') IS NOT NULL AS ours,
  (SELECT count(*)::int FROM pg_inherits WHERE inhparent = to_regclass('public.activities')) AS partitions,
  (
    SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg\_%'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  ) AS relations
