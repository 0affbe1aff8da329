-- In the order of their ids, so that two who count on the same posts cannot deadlock.
SELECT id FROM posts WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE
