UPDATE gate_closings SET quiet_at = coalesce(quiet_at, clock_timestamp()) WHERE id = $1 AND opened_at IS NULL
RETURNING quiet_at
