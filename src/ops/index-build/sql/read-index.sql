-- What is called $2 beside the table $1: an index with its shape, which two indexes of one definition have alike, or
-- something else, whose shape is null. "attached": it is a part of a partitioned table's index. "complete": valid, and
-- every partition has its part of it.
SELECT c.relname::text AS name, t.relname::text AS "table",
  coalesce(i.indisvalid, false) AS valid,
  coalesce(i.indisvalid, false) AND NOT EXISTS (
    SELECT FROM pg_partition_tree(i.indrelid) tree
    WHERE tree.isleaf AND tree.relid <> i.indrelid AND NOT EXISTS (
      SELECT FROM pg_inherits h JOIN pg_index part ON part.indexrelid = h.inhrelid
      WHERE h.inhparent = c.oid AND part.indrelid = tree.relid AND part.indisvalid
    )
  ) AS complete,
  c.relispartition AS attached,
  EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid) AS "constrains",
  i.indrelid IS NOT NULL AND (i.indrelid = b.oid OR i.indrelid IN (SELECT relid FROM pg_partition_tree(b.oid))) AS ours,
  pg_relation_size(c.oid)::float8 + (
    SELECT coalesce(sum(pg_relation_size(inhrelid)), 0) FROM pg_inherits WHERE inhparent = c.oid
  )::float8 AS bytes,
  jsonb_build_object(
    'method', m.amname, 'unique', i.indisunique, 'keys', i.indnkeyatts, 'options', i.indoption::text,
    'classes', i.indclass::text, 'where', pg_get_expr(i.indpred, i.indrelid),
    'columns', array(
      SELECT coalesce(a.attname::text, '(expression)') FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0 ORDER BY place
    )
  )::text AS shape
FROM pg_class b
JOIN pg_class c ON c.relnamespace = b.relnamespace AND c.relname = $2
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_class t ON t.oid = i.indrelid
LEFT JOIN pg_am m ON m.oid = c.relam AND i.indexrelid IS NOT NULL
WHERE b.oid = to_regclass($1)
