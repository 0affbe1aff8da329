-- Up to 10,000 rows of a recipient.
DELETE FROM activities WHERE recipient_id = $1 AND (stream, entry_id, kind, actor_id, subject_id) IN (
  SELECT stream, entry_id, kind, actor_id, subject_id FROM activities WHERE recipient_id = $1
  ORDER BY stream, entry_id, kind, actor_id, subject_id LIMIT 10000
)
RETURNING 1
