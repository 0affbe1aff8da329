-- A page of one stream of one recipient, newest first, behind the position ($3, $4, $5); index-only on the primary key.
-- Positions come from cursors, where any 64-bit number may stand for the kind.
SELECT entry_id, kind, actor_id, subject_id FROM activities
WHERE recipient_id = $1 AND stream = $2 AND (entry_id, kind, actor_id) < ($3, $4::bigint, $5)
ORDER BY entry_id DESC, kind DESC, actor_id DESC
LIMIT $6
