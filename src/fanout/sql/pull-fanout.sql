-- Closes the receipt of a post that is merged into feeds when they are read, unless its rows are being written already.
-- Answers whether it is merged. Draws from merged_posts, whatever it finds: before the post counts as delivered.
INSERT INTO fanouts (post_id, author_id, state, planned, pulled, finished_at) VALUES ($1, $2, 'done', true, true, clock_timestamp())
ON CONFLICT (post_id) DO UPDATE SET post_id = excluded.post_id
RETURNING pulled, nextval('merged_posts')
