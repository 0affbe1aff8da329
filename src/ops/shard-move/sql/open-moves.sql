-- The moves that are not over, and whose buckets they are about.
SELECT id, state, buckets FROM shard_moves WHERE state NOT IN ('done', 'returned', 'aborted') ORDER BY id
