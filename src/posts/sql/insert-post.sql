INSERT INTO posts (author_id, body, mentions) VALUES ($1, $2, $3) RETURNING id
