UPDATE gate_closings SET fenced = true WHERE id = $1 AND opened_at IS NULL
