UPDATE outbox SET dispatch_at = now() + interval '1 second' WHERE id = ANY ($1::bigint[])
