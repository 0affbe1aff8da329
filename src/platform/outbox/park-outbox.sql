-- Leaves rows alone until the shard $2 is back; after $3 ms, at the latest, they are dispatched all the same.
UPDATE outbox SET waits_for = $2, dispatch_at = clock_timestamp() + make_interval(secs => $3::double precision / 1000)
WHERE id = ANY ($1::bigint[])
