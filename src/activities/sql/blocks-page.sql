-- The rows in the blocks from $1 up to before $2.
SELECT ctid::text AS place, recipient_id, stream, entry_id, kind, actor_id, subject_id FROM activities
WHERE ctid >= format('(%s,0)', $1::bigint)::tid AND ctid < format('(%s,0)', $2::bigint)::tid
