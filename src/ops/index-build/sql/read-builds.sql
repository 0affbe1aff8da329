-- The newest $2 builds, or the build $1. One whose process has given no sign of life for $3 seconds is interrupted.
SELECT id, work, detail, requested_by AS "requestedBy", reason, shards, started_at AS "startedAt", finished_at AS "finishedAt",
  CASE WHEN state = 'running' AND heartbeat_at < clock_timestamp() - make_interval(secs => $3) THEN 'interrupted'
    ELSE state END AS state
FROM index_builds WHERE $1::bigint IS NULL OR id = $1
ORDER BY id DESC LIMIT $2
