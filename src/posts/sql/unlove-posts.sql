DELETE FROM loves WHERE user_id = $1 AND post_id = ANY ($2::bigint[]) RETURNING post_id AS id
