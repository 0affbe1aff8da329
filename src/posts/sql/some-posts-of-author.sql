-- Up to $2 posts and as many comments of an author.
(SELECT id, comment_on, repost_of FROM posts WHERE author_id = $1 AND comment_on IS NULL LIMIT $2)
UNION ALL
(SELECT id, comment_on, repost_of FROM posts WHERE author_id = $1 AND comment_on IS NOT NULL LIMIT $2)
