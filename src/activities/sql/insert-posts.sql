-- Writes posts ($2), each by its author ($3), into streams ($4) of one recipient. A row that is there already is left alone.
INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
SELECT $1, given.stream, given.post, 1, given.author, given.post
FROM unnest($2::bigint[], $3::bigint[], $4::smallint[]) AS given (post, author, stream)
ON CONFLICT DO NOTHING
