-- Empty lists of mentions, which is what most posts have, come as null: the driver has nothing to take apart.
SELECT id, author_id, body, nullif(mentions, '{}'), edited_at, comment_on, repost_of, comments_count, loves_count, reposts_count,
  views_count::float8
FROM posts WHERE id = ANY ($1::bigint[])
