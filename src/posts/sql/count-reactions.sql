-- Counts comments ($2), reposts ($3) and loves ($4) of posts ($1) up or down. Answers the posts that there are, and whose they are.
UPDATE posts SET
  comments_count = comments_count + given.comments,
  reposts_count = reposts_count + given.reposts,
  loves_count = loves_count + given.loves
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[]) AS given (id, comments, reposts, loves)
WHERE posts.id = given.id
RETURNING posts.id, posts.author_id
