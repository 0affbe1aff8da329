-- The tables in which the activities lie: the partitions, or the one plain table; with estimated rows, and exact blocks.
SELECT relname AS name, greatest(reltuples, 0)::float8 AS rows,
  (pg_relation_size(oid) / current_setting('block_size')::int)::float8 AS blocks
FROM pg_class
WHERE relkind = 'r' AND (oid = 'activities'::regclass OR oid IN (SELECT relid FROM pg_partition_tree('activities') WHERE isleaf))
ORDER BY relname
