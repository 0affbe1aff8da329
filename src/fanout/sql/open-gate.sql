UPDATE gate_closings
SET opened_at = clock_timestamp(), opened_by = $2, opening = $3, jobs_waiting = $4, intents_waiting = $5
WHERE id = $1 AND opened_at IS NULL
