SELECT id FROM posts WHERE repost_of = $1 AND author_id = $2 AND body = ''
