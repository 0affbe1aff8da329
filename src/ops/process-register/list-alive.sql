-- The processes that were heard of within $1 seconds, the oldest first.
SELECT name, roles, primary_pool AS "primaryPool", shard_pool AS "shardPool", breakers, started_at AS "startedAt"
FROM serving_processes WHERE seen_at > clock_timestamp() - make_interval(secs => $1)
ORDER BY started_at, id
