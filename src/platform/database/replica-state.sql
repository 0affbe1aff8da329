-- How far a replica has come, and of which database it is one. No position: it is none.
SELECT (SELECT system_identifier FROM pg_control_system()) || ' '
    || (SELECT oid FROM pg_database WHERE datname = current_database()) AS identity,
  CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::float8 END AS position
