SELECT body, mentions, repost_of FROM posts WHERE id = $1 AND author_id = $2 FOR UPDATE
