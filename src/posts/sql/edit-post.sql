UPDATE posts SET body = $3, mentions = $4, edited_at = clock_timestamp()
WHERE id = $1 AND author_id = $2
RETURNING id
