-- Takes up to $1 due rows and puts off their next dispatch: by $2 ms, doubled with each attempt, 64-fold at most.
UPDATE outbox
SET attempts = attempts + 1,
    dispatch_at = clock_timestamp() + make_interval(secs => $2::double precision / 1000 * 2 ^ least(attempts, 6))
WHERE id IN (
  SELECT id FROM outbox
  WHERE dispatch_at <= clock_timestamp()
  ORDER BY dispatch_at
  LIMIT $1
  FOR UPDATE SKIP LOCKED
)
RETURNING id, topic, payload, attempts
