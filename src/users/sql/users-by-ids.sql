SELECT id, username, name, bio, avatar_url, posts_count FROM users WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL
