-- Up to $2 loves of posts that are gone.
DELETE FROM loves WHERE (post_id, user_id) IN (SELECT post_id, user_id FROM loves WHERE post_id = ANY ($1::bigint[]) LIMIT $2)
RETURNING post_id
