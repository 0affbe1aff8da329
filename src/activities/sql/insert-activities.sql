-- Writes one event for the recipients $1 into their streams $2, all of them or none: fails if one has it already.
INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
SELECT given.id, given.stream, $3, $4, $5, $6
FROM unnest($1::bigint[], $2::smallint[]) AS given (id, stream)
