-- Makes up to $2 rows due that are parked on none of the shards in $1, the oldest first.
UPDATE outbox SET parked_on = NULL, dispatch_at = clock_timestamp()
WHERE id IN (
  SELECT id FROM outbox
  WHERE parked_on IS NOT NULL AND NOT (parked_on = ANY ($1::smallint[]))
  ORDER BY id
  LIMIT $2
  FOR UPDATE SKIP LOCKED
)
RETURNING id
