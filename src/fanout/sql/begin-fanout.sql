INSERT INTO fanouts (post_id, author_id) VALUES ($1, $2)
ON CONFLICT (post_id) DO UPDATE SET post_id = excluded.post_id
RETURNING state, chunks
