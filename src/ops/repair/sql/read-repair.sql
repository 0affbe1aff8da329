SELECT id, state, requested_by, rows_per_second, started_at, finished_at FROM activity_repairs WHERE id = $1
