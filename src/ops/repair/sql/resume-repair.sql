-- Has a failed repair run again, unless another one is running.
UPDATE activity_repairs SET state = 'running', finished_at = NULL, rows_per_second = $2
WHERE id = $1 AND state = 'failed' AND NOT EXISTS (SELECT FROM activity_repairs WHERE state = 'running')
RETURNING id
