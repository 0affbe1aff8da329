-- No row: the author has reposted $5 without words before.
INSERT INTO posts (author_id, body, mentions, comment_on, repost_of) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (repost_of, author_id) WHERE repost_of IS NOT NULL AND body = '' DO NOTHING
RETURNING id
