SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL
