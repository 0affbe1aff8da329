-- Binds a key to the resource that its request makes. No row: the key is taken (a concurrent holder was waited for).
INSERT INTO idempotency_keys (user_id, key, request_digest, resource_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, key) DO NOTHING
RETURNING resource_id
