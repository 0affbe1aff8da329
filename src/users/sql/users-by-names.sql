SELECT id, username, name, bio, avatar_url, posts_count FROM users WHERE lower(username) = ANY ($1::text[]) AND deleted_at IS NULL
