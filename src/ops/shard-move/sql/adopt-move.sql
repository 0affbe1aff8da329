-- The runner $2 takes over a move that nobody has carried on for $3 seconds: the move $1, or any that was cut off. One
-- that failed is left to operators, as long as it may stand still: not while its buckets are closed.
UPDATE shard_moves SET runner = $2, error = CASE WHEN $1::bigint IS NULL THEN error END, heartbeat_at = clock_timestamp()
WHERE id = (
  SELECT id FROM shard_moves
  WHERE state NOT IN ('moved', 'done', 'returned', 'aborted')
    AND (runner IS NULL OR heartbeat_at < clock_timestamp() - make_interval(secs => $3))
    AND (id = $1 OR $1 IS NULL AND (
      error IS NULL OR state NOT IN ('preparing', 'copying', 'comparing')
        AND heartbeat_at < clock_timestamp() - make_interval(secs => $3)))
  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
