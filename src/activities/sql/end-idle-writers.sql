-- Ends the sessions that have passed the fence, hold a transaction open and wait for their client, since $1 ms at least.
SELECT count(*) FILTER (WHERE pg_terminate_backend(activity.pid))::int AS ended
FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE held.locktype = 'advisory' AND held.classid = 727483 AND held.objid = 2 AND held.objsubid = 2
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.granted AND held.mode = 'ShareLock'
  AND activity.wait_event_type = 'Client'
  AND greatest(activity.state_change, activity.query_start) <= clock_timestamp() - make_interval(secs => $1::float8 / 1000)
