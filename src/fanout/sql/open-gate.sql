UPDATE gate SET closed = false, reason = NULL, closed_by = NULL, closed_at = NULL, reopens_at = NULL
