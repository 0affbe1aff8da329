-- Puts up to 2,000 of the orphans back that a repair has removed; whatever is there already stays as it is. Duplicates
-- are left where they are kept: what they said is in the activities.
WITH kept AS (
  DELETE FROM activities_removed WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM activities_removed WHERE repair_id = $1 AND reason = 'orphan' LIMIT 2000 FOR UPDATE SKIP LOCKED))
  RETURNING recipient_id, stream, entry_id, kind, actor_id, subject_id
), back AS (
  INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
  SELECT recipient_id, stream, entry_id, kind, actor_id, subject_id FROM kept
  ON CONFLICT DO NOTHING
)
SELECT count(*)::int AS taken FROM kept
