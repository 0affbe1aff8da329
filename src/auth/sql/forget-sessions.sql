-- A session is kept for a day past its end: its last access token, which may be revoked, lives a little longer than it.
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() - interval '1 day' LIMIT 10000)
