-- What a database and who is connected to it can do for moves of buckets.
SELECT current_setting('server_version_num')::int AS version,
  current_setting('wal_level') AS "walLevel",
  (current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots))::int AS "freeSlots",
  (current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_replication))::int AS "freeSenders",
  current_setting('max_logical_replication_workers')::int AS workers,
  rolsuper OR rolreplication AS "mayReplicate",
  rolsuper OR pg_has_role('pg_create_subscription', 'MEMBER') AS "maySubscribe",
  has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege('public', 'CREATE') AS "mayCreate",
  EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS citus
FROM pg_roles WHERE rolname = current_user
