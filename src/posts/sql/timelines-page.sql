-- Posts of the authors $1, of each from its floor ($2) on, below $3, newest first; comments left out.
SELECT post.id, given.author
FROM unnest($1::bigint[], $2::bigint[]) AS given (author, floor)
CROSS JOIN LATERAL (
  SELECT id FROM posts
  WHERE author_id = given.author AND comment_on IS NULL AND id >= given.floor AND id < $3
  ORDER BY id DESC
  LIMIT $4
) AS post
ORDER BY post.id DESC
LIMIT $4
