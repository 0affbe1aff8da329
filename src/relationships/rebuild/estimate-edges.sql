SELECT greatest(reltuples, 0)::float8 AS n FROM pg_class WHERE oid = 'relationships'::regclass
