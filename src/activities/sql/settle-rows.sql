-- Puts rows, a column a list, where they belong. A row that is there already is left alone.
INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::bigint[])
ON CONFLICT DO NOTHING
