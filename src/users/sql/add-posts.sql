UPDATE users SET posts_count = posts_count + $2 WHERE id = $1
