-- Which of the pairs of a post ($1) and a user ($2) are a love, and which a repost without words.
SELECT given.post_id AS "postId", given.user_id AS "userId",
  EXISTS (SELECT FROM loves WHERE loves.post_id = given.post_id AND loves.user_id = given.user_id) AS loved,
  EXISTS (
    SELECT FROM posts WHERE repost_of = given.post_id AND author_id = given.user_id AND body = ''
  ) AS reposted
FROM unnest($1::bigint[], $2::bigint[]) AS given (post_id, user_id)
