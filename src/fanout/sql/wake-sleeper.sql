UPDATE sleepers SET waking = true WHERE user_id = $1 AND NOT waking RETURNING user_id
