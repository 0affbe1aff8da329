SELECT id FROM users WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL
