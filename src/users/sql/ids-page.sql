SELECT id FROM users WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2
