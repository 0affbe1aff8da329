SELECT count(*)::float8 AS n FROM users WHERE deleted_at IS NULL
