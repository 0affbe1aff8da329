-- What a database and who is connected to it can do for moves of buckets; timeout: that of statements where it is set for the
-- role or the database, not by a session, and so for replication as well.
SELECT current_setting('server_version_num')::int AS version,
  current_setting('wal_level') AS "walLevel",
  (current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots))::int AS "freeSlots",
  (current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_replication))::int AS "freeSenders",
  current_setting('max_logical_replication_workers')::int AS workers,
  rolsuper OR rolreplication AS "mayReplicate",
  rolsuper OR pg_has_role('pg_create_subscription', 'MEMBER') AS "maySubscribe",
  has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege('public', 'CREATE') AS "mayCreate",
  EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS citus,
  (
    SELECT nullif(substr(config, length('statement_timeout=') + 1), '0')
    FROM pg_db_role_setting, unnest(setconfig) AS config
    WHERE config LIKE 'statement\_timeout=%' AND setrole IN (0, pg_roles.oid)
      AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY setrole = 0, setdatabase = 0 LIMIT 1
  ) AS timeout
FROM pg_roles WHERE rolname = current_user
