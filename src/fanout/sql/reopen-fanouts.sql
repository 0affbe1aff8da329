-- Forgets up to $2 receipts of an author's posts that were merged, so that they can be written. Answers these posts.
DELETE FROM fanouts WHERE post_id IN (SELECT post_id FROM fanouts WHERE author_id = $1 AND pulled LIMIT $2 FOR UPDATE)
RETURNING post_id AS id
