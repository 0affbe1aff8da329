DELETE FROM idempotency_keys WHERE (user_id, key) IN (
  SELECT user_id, key FROM idempotency_keys WHERE created_at < now() - interval '1 day' LIMIT 10000
)
