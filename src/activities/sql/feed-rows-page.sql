-- Feed rows behind a position, equal ones side by side, in the order in which they lie in the table.
SELECT ctid::text AS place, recipient_id, stream, entry_id, kind, actor_id, subject_id FROM activities
WHERE stream < 3
  AND (recipient_id, stream, entry_id, kind, actor_id, subject_id) >= ($2, $3, $4, $5, $6, $7)
  AND (recipient_id, stream, entry_id, kind, actor_id, subject_id, ctid) > ($2, $3, $4, $5, $6, $7, $1::tid)
ORDER BY recipient_id, stream, entry_id, kind, actor_id, subject_id, ctid
LIMIT 2000
