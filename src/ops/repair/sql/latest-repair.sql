SELECT id, state FROM activity_repairs ORDER BY id DESC LIMIT 1
