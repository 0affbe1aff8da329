-- Only the newest generation passes; of two concurrent trades of one token the second finds no row.
UPDATE sessions SET generation = generation + 1
WHERE id = $1 AND generation = $2 AND revoked_at IS NULL AND expires_at > now()
RETURNING user_id, generation
