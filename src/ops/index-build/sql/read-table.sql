-- The table $1 on this shard: its columns, and its partitions in the order of their names (none for a plain table).
SELECT c.relname::text AS name,
  pg_get_partkeydef(c.oid) AS "partitionedBy",
  array(
    SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
  ) AS columns,
  array(
    SELECT leaf.relname::text FROM pg_partition_tree(c.oid) tree JOIN pg_class leaf ON leaf.oid = tree.relid
    WHERE tree.isleaf AND tree.relid <> c.oid ORDER BY leaf.relname
  ) AS leaves,
  (
    SELECT coalesce(sum(greatest(part.reltuples, 0)), 0)::float8 FROM pg_class part
    WHERE part.oid = c.oid AND c.relkind = 'r' OR part.oid IN (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf)
  ) AS "estimatedRows"
FROM pg_class c WHERE c.oid = to_regclass($1)
