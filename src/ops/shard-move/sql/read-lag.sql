-- How many bytes of changes the other side of the slot $1 has not confirmed, and whether it is connected.
SELECT coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0)::float8 AS bytes, active
FROM pg_replication_slots WHERE slot_name = $1
