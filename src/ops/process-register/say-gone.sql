DELETE FROM serving_processes WHERE id = $1
