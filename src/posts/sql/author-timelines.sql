-- The newest $2 posts of each of the authors $1, newest first; comments left out.
SELECT given.author, ARRAY(
  SELECT id FROM posts WHERE author_id = given.author AND comment_on IS NULL ORDER BY id DESC LIMIT $2
)
FROM unnest($1::bigint[]) AS given (author)
