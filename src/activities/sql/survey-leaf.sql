-- What a shard holds under the name $1 of a partition: about how many rows, in how many bytes with its indexes, and whether
-- each row is known by a key, without which changes cannot be replicated. No row when there is no such table.
SELECT CASE WHEN reltuples > 0 THEN reltuples ELSE pg_relation_size(oid) / 80 END::float8 AS rows,
  pg_table_size(oid)::float8 AS bytes,
  EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary AND indisvalid) AS keyed
FROM pg_class c WHERE oid = to_regclass($1)
