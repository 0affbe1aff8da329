UPDATE index_builds SET state = $3, detail = $4, gates = '[]', finished_at = clock_timestamp()
WHERE id = $1 AND runner = $2 AND state = 'running'
