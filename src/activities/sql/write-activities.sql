-- Writes one event for the recipients $1 into their streams $2. A row that is there already is left alone.
WITH written AS (
  INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
  SELECT given.id, given.stream, $3, $4, $5, $6
  FROM unnest($1::bigint[], $2::smallint[]) AS given (id, stream)
  ON CONFLICT DO NOTHING
  RETURNING 1
)
SELECT count(*)::int AS written FROM written
