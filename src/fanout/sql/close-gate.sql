UPDATE gate SET closed = true, reason = $1, closed_by = $2, closed_at = clock_timestamp(),
  reopens_at = clock_timestamp() + make_interval(secs => $3)
RETURNING closed_at
