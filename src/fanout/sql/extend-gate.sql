UPDATE gate_closings SET reopens_at = clock_timestamp() + make_interval(secs => $2)
WHERE id = $1 AND opened_at IS NULL
