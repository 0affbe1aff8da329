SELECT id, author_id, body, mentions, edited_at, comment_on, repost_of, comments_count, loves_count, reposts_count,
  views_count::float8 AS views_count
FROM posts WHERE id = ANY ($1::bigint[])
