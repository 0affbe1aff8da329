SELECT id FROM posts WHERE id = ANY ($1::bigint[])
