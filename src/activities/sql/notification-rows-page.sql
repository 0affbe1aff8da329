-- Notifications behind a position, those that tell the same side by side, the oldest of them first.
SELECT ctid::text AS place, recipient_id, stream, entry_id, kind, actor_id, subject_id FROM activities
WHERE stream = 3
  AND (recipient_id, kind, subject_id, actor_id, entry_id) >= ($2, $3, $4, $5, $6)
  AND (recipient_id, kind, subject_id, actor_id, entry_id, ctid) > ($2, $3, $4, $5, $6, $1::tid)
ORDER BY recipient_id, kind, subject_id, actor_id, entry_id, ctid
LIMIT 2000
