SELECT state FROM activity_repairs WHERE id = $1 FOR UPDATE
