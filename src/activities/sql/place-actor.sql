-- Moves an actor's posts ($2) into the stream $3 of a recipient, out of their other feed.
WITH moved AS (
  DELETE FROM activities WHERE recipient_id = $1 AND stream = 3 - $3::smallint AND kind = 1 AND actor_id = $2
  RETURNING entry_id, subject_id
)
INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
SELECT $1, $3, entry_id, 1, $2, subject_id FROM moved
ON CONFLICT DO NOTHING
