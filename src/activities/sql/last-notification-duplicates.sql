-- Removes every notification but the oldest among those that tell the same, keeping a copy of each; nobody else may be
-- writing.
WITH repeated AS (
  SELECT recipient_id, kind, subject_id, actor_id FROM activities
  WHERE stream = 3
  GROUP BY recipient_id, kind, subject_id, actor_id
  HAVING count(*) > 1
), ranked AS (
  SELECT one.ctid AS place, row_number() OVER (
    PARTITION BY recipient_id, kind, subject_id, actor_id ORDER BY one.entry_id, one.ctid) AS nth
  FROM repeated JOIN activities AS one USING (recipient_id, kind, subject_id, actor_id)
  WHERE one.stream = 3
), gone AS (
  DELETE FROM activities AS doomed USING ranked WHERE doomed.ctid = ranked.place AND nth > 1
  RETURNING recipient_id, stream, entry_id, kind, actor_id, subject_id
)
INSERT INTO activities_removed (repair_id, reason, recipient_id, stream, entry_id, kind, actor_id, subject_id)
SELECT $1, 'duplicate', recipient_id, stream, entry_id, kind, actor_id, subject_id FROM gone
