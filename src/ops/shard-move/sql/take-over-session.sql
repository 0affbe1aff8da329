-- Ends whoever holds the lock of movers on this shard: somebody whose move is another's by now.
SELECT count(pg_terminate_backend(pid))::int AS ended FROM pg_locks
WHERE locktype = 'advisory' AND classid = 727483 AND objid = 4 AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
