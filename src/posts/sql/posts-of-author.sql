-- An author's posts and reposts, comments left out.
SELECT id FROM posts WHERE author_id = $1 AND comment_on IS NULL AND id < $2 ORDER BY id DESC LIMIT $3
