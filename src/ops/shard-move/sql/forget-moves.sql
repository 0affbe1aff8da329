-- All but the newest $1 that are over.
DELETE FROM shard_moves
WHERE state IN ('done', 'returned', 'aborted')
  AND id < (SELECT min(id) FROM (SELECT id FROM shard_moves ORDER BY id DESC LIMIT $1) newest)
