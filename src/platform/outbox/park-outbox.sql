UPDATE outbox SET parked_on = $2, dispatch_at = 'infinity' WHERE id = ANY ($1::bigint[])
