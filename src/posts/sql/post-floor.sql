-- The $2-th newest post of an author, comments left out; 0 when there are fewer. No post at all: whatever comes from now on.
SELECT CASE WHEN $2::int = 0 THEN next_id() ELSE coalesce((
  SELECT id FROM posts WHERE author_id = $1 AND comment_on IS NULL ORDER BY id DESC OFFSET greatest($2::int - 1, 0) LIMIT 1
), 0) END AS floor
