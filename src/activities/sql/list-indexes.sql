-- The indexes of a table, by its name: what they hold in order, whether they are unique, the primary key's, and usable.
SELECT index_class.relname AS name, index.indisunique AS unique, index.indisprimary AS primary, index.indisvalid AS valid,
  pg_get_expr(index.indpred, index.indrelid) AS predicate,
  ARRAY(
    SELECT attname::text FROM unnest(index.indkey::smallint[]) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = index.indrelid AND attnum = key.number
    WHERE key.place <= index.indnkeyatts ORDER BY key.place
  ) AS columns,
  EXISTS (SELECT FROM pg_stat_progress_create_index AS building WHERE building.index_relid = index.indexrelid) AS building
FROM pg_index AS index JOIN pg_class AS index_class ON index_class.oid = index.indexrelid
WHERE index.indrelid = to_regclass(quote_ident($1))
