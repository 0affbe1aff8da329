-- Takes up to $1 due rows of the topics in $3 and puts off their next dispatch: by $2 ms, doubled with each attempt, but
-- fourfold at most, because a row may merely be waiting behind a closed gate.
UPDATE outbox
SET attempts = attempts + 1,
    dispatch_at = clock_timestamp() + make_interval(secs => $2::double precision / 1000 * 2 ^ least(attempts, 2))
WHERE id IN (
  SELECT id FROM outbox
  WHERE dispatch_at <= clock_timestamp() AND topic = ANY ($3::varchar[])
  ORDER BY dispatch_at
  LIMIT $1
  FOR UPDATE SKIP LOCKED
)
RETURNING id, topic, payload, attempts
