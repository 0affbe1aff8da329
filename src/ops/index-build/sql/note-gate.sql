UPDATE index_builds SET gate_closed_at = $3 WHERE id = $1 AND runner = $2
