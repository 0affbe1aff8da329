UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = ANY ($1::bigint[]) AND revoked_at IS NULL RETURNING id
