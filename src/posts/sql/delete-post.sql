DELETE FROM posts WHERE id = $1 AND author_id = $2 RETURNING id, comment_on, repost_of
