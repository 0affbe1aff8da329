SELECT read_upto FROM notification_marks WHERE user_id = $1
