SELECT since_id FROM sleepers WHERE user_id = $1
