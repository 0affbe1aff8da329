-- Up to where a replica must have come to show all that was committed here before. What is on disk is enough, unless there
-- are commits that do not wait for the disk: with synchronous_commit off, and those of a subscription.
SELECT (SELECT system_identifier FROM pg_control_system()) || ' '
    || (SELECT oid FROM pg_database WHERE datname = current_database()) AS identity,
  (CASE
    WHEN current_setting('synchronous_commit') = 'off' OR EXISTS (
      SELECT FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid WHERE datname = current_database())
    THEN pg_current_wal_insert_lsn()
    ELSE pg_current_wal_flush_lsn()
  END - '0/0')::float8 AS position
