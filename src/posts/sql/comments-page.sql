SELECT id FROM posts WHERE comment_on = $1 AND id < $2 ORDER BY id DESC LIMIT $3
