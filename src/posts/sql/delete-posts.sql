DELETE FROM posts WHERE id = ANY ($1::bigint[]) RETURNING id, author_id, comment_on, repost_of
