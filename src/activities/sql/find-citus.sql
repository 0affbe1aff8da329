-- Whether this database is a Citus coordinator.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS citus
