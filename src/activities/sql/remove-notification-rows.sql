-- Removes the notifications that lie at the places $1 and are those of the columns $2 to $7, keeping a copy of each:
-- orphans ($8) in any case, duplicates only while an older row that tells the same is there, so that one always stays.
WITH chosen AS (
  SELECT * FROM unnest($1::tid[], $2::bigint[], $3::smallint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::bigint[],
    $8::text[]) AS given (place, recipient_id, stream, entry_id, kind, actor_id, subject_id, reason)
), gone AS (
  DELETE FROM activities AS doomed USING chosen
  WHERE doomed.ctid = ANY ($1::tid[]) AND doomed.ctid = chosen.place
    AND (doomed.recipient_id, doomed.stream, doomed.entry_id, doomed.kind, doomed.actor_id, doomed.subject_id)
      = (chosen.recipient_id, chosen.stream, chosen.entry_id, chosen.kind, chosen.actor_id, chosen.subject_id)
    AND (chosen.reason = 'orphan' OR EXISTS (
      SELECT FROM activities AS older
      WHERE older.stream = 3
        AND (older.recipient_id, older.kind, older.subject_id, older.actor_id)
          = (doomed.recipient_id, doomed.kind, doomed.subject_id, doomed.actor_id)
        AND (older.entry_id, older.ctid) < (doomed.entry_id, doomed.ctid)))
  RETURNING chosen.*
), kept AS (
  INSERT INTO activities_removed (repair_id, reason, recipient_id, stream, entry_id, kind, actor_id, subject_id)
  SELECT $9, reason, recipient_id, stream, entry_id, kind, actor_id, subject_id FROM gone
  RETURNING reason
)
SELECT count(*) FILTER (WHERE reason = 'duplicate')::int AS duplicates,
  count(*) FILTER (WHERE reason = 'orphan')::int AS orphans
FROM kept
