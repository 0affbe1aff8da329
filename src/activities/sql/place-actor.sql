-- Moves an actor's posts ($2) from $4 on into the stream $3 of a recipient, out of their other feed, and takes the older
-- ones out of both.
WITH older AS (
  DELETE FROM activities WHERE recipient_id = $1 AND stream = $3 AND kind = 1 AND actor_id = $2 AND entry_id < $4
), moved AS (
  DELETE FROM activities WHERE recipient_id = $1 AND stream = 3 - $3::smallint AND kind = 1 AND actor_id = $2
  RETURNING entry_id, subject_id
)
INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
SELECT $1, $3, entry_id, 1, $2, subject_id FROM moved WHERE entry_id >= $4
ON CONFLICT DO NOTHING
