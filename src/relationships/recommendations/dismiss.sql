-- Records that $1 does not want to be shown $2, and forgets what is older than the last $3 dismissals. It counts as a
-- change of the owner, whose row is locked already. Answers the owner's new version; nothing when $2 was dismissed before.
WITH recorded AS (
  INSERT INTO recommendation_dismissals (owner_id, subject_id) VALUES ($1, $2)
  ON CONFLICT DO NOTHING
  RETURNING owner_id
), forgotten AS (
  DELETE FROM recommendation_dismissals WHERE owner_id = $1 AND EXISTS (SELECT FROM recorded) AND subject_id IN (
    SELECT subject_id FROM recommendation_dismissals WHERE owner_id = $1
    ORDER BY dismissed_at DESC, subject_id OFFSET $3::int - 1
  )
)
UPDATE graph_owners SET version = version + 1, changed_at = now()
WHERE owner_id = $1 AND EXISTS (SELECT FROM recorded)
RETURNING version::float8 AS version
