-- How many rows there are of the recipients behind $1 up to $2, and a checksum of them that their order does not change.
SELECT count(*)::int AS rows,
  coalesce(sum(hash_record_extended(ROW(recipient_id, stream, entry_id, kind, actor_id, subject_id), 0)), 0)::text AS digest
FROM activities WHERE recipient_id > $1 AND recipient_id <= $2
