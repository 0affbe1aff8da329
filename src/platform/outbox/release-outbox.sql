-- Lets up to $2 rows go that wait for the shard $1, the oldest first.
WITH chosen AS MATERIALIZED (
  SELECT id FROM outbox WHERE waits_for = $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET waits_for = NULL, dispatch_at = clock_timestamp()
FROM chosen WHERE outbox.id = chosen.id
RETURNING outbox.id
