UPDATE activity_repairs SET state = 'aborted', finished_at = clock_timestamp()
WHERE id = $1 AND state = 'running' RETURNING id
