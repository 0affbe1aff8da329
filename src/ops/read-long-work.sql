-- What is going on that changes the tables of activities as a whole: an index build that gave a sign of life within $1
-- seconds, a repair, a move of buckets that is not over.
SELECT
  (SELECT id FROM index_builds WHERE state = 'running' AND heartbeat_at > clock_timestamp() - make_interval(secs => $1) LIMIT 1) AS build,
  (SELECT id FROM activity_repairs WHERE state = 'running' LIMIT 1) AS repair,
  (SELECT id FROM shard_moves WHERE state NOT IN ('done', 'returned', 'aborted') ORDER BY id LIMIT 1) AS move
