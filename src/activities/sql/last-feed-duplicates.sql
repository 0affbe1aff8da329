-- Removes every feed row but the oldest among equal ones, keeping a copy of each; nobody else may be writing.
WITH repeated AS (
  SELECT recipient_id, stream, entry_id, kind, actor_id, subject_id FROM activities
  WHERE stream < 3
  GROUP BY recipient_id, stream, entry_id, kind, actor_id, subject_id
  HAVING count(*) > 1
), ranked AS (
  SELECT one.ctid AS place, row_number() OVER (
    PARTITION BY recipient_id, stream, entry_id, kind, actor_id, subject_id ORDER BY one.ctid) AS nth
  FROM repeated JOIN activities AS one USING (recipient_id, stream, entry_id, kind, actor_id, subject_id)
), gone AS (
  DELETE FROM activities AS doomed USING ranked WHERE doomed.ctid = ranked.place AND nth > 1
  RETURNING recipient_id, stream, entry_id, kind, actor_id, subject_id
)
INSERT INTO activities_removed (repair_id, reason, recipient_id, stream, entry_id, kind, actor_id, subject_id)
SELECT $1, 'duplicate', recipient_id, stream, entry_id, kind, actor_id, subject_id FROM gone
