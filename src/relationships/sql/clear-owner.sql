WITH removed AS (
  DELETE FROM relationships WHERE owner_id = $1 RETURNING 1
)
UPDATE graph_owners SET version = version + 1, friends = 0, noise = 0, changed_at = now()
WHERE owner_id = $1 AND EXISTS (SELECT FROM removed)
