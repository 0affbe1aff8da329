SELECT post_id FROM loves WHERE user_id = $1 LIMIT $2
