SELECT resource_id, request_digest FROM idempotency_keys WHERE user_id = $1 AND key = $2
