INSERT INTO outbox (topic, payload, dispatch_at)
VALUES ($1, $2, now() + make_interval(secs => $3::double precision / 1000))
RETURNING id
