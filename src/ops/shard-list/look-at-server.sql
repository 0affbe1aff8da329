-- The server behind a connection: which one it is, its connections (allowed to others than superusers, taken in this
-- database and in all), and the replication slots of this database and of the whole server.
SELECT
  (SELECT system_identifier FROM pg_control_system()) || ' ' || extract(epoch FROM pg_postmaster_start_time()) AS server,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) AS allowed,
  (SELECT sum(numbackends) FROM pg_stat_database)::int AS taken,
  (SELECT numbackends FROM pg_stat_database WHERE datname = current_database())::int AS "takenHere",
  coalesce((
    SELECT json_agg(json_build_object(
      'name', slot_name, 'kind', slot_type, 'active', active, 'walStatus', wal_status,
      'retainedBytes', pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) ORDER BY slot_name)
    FROM pg_replication_slots WHERE database IS NULL OR database = current_database()), '[]') AS slots
