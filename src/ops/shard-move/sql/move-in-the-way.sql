-- A move that is under way, or one that is not over and is about one of the buckets $1.
SELECT id, state FROM shard_moves
WHERE state NOT IN ('moved', 'done', 'returned', 'aborted')
  OR state = 'moved' AND buckets && $1::smallint[]
ORDER BY id LIMIT 1
