SELECT id, user_id FROM loves WHERE post_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
