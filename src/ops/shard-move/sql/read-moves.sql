-- The newest $2 moves, or the move $1; silent: nobody has carried it on for $3 seconds.
SELECT id, source, target, buckets, pace, state, error, requested_by AS "requestedBy", abort_requested AS "abortRequested",
  sync_slots AS "syncSlots", progress, write_pause_ms AS "writePauseMs", started_at AS "startedAt", moved_at AS "movedAt",
  finished_at AS "finishedAt",
  runner IS NULL OR heartbeat_at < clock_timestamp() - make_interval(secs => $3) AS silent
FROM shard_moves WHERE $1::bigint IS NULL OR id = $1
ORDER BY id DESC LIMIT $2
