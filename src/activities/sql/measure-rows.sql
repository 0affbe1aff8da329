-- The size of the activities of a shard with their indexes, and about how many rows they are.
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::float8 AS bytes, coalesce(sum(greatest(reltuples, 0)), 0)::float8 AS rows
FROM pg_class
WHERE relkind = 'r' AND (oid = 'activities'::regclass OR oid IN (SELECT relid FROM pg_partition_tree('activities') WHERE isleaf))
