DELETE FROM sleepers WHERE user_id = $1 AND waking
