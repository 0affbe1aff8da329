-- A page of one recipient's notifications of the kinds $5, newest first, behind the position ($2, $3, $4). Of the kinds
-- $6, only the newest about each subject: the others stand behind it in a group.
SELECT entry_id, kind, actor_id, subject_id FROM activities AS entry
WHERE recipient_id = $1 AND stream = 3 AND (entry_id, kind, actor_id) < ($2, $3::bigint, $4)
  AND kind = ANY ($5::smallint[])
  AND (kind <> ALL ($6::smallint[]) OR NOT EXISTS (
    SELECT FROM activities AS newer
    WHERE newer.recipient_id = $1 AND newer.stream = 3 AND newer.kind = entry.kind
      AND newer.subject_id = entry.subject_id AND (newer.entry_id, newer.actor_id) > (entry.entry_id, entry.actor_id)
  ))
ORDER BY entry_id DESC, kind DESC, actor_id DESC
LIMIT $7
