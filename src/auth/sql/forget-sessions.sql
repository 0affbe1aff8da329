-- A revoked session is kept until its tokens have run out by themselves, so that their reuse is still seen.
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() LIMIT 10000)
