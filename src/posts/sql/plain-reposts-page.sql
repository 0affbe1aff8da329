-- Reposts of a post without words of the reposter's own: by whom, newest first.
SELECT id, author_id FROM posts WHERE repost_of = $1 AND body = '' AND id < $2 ORDER BY id DESC LIMIT $3
