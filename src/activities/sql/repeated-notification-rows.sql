-- Notifications of which several tell the same, the oldest of them, and how many there are.
SELECT count(*)::int, recipient_id, 3::smallint AS stream, min(entry_id) AS entry_id, kind, actor_id, subject_id
FROM activities
WHERE stream = 3
GROUP BY recipient_id, kind, actor_id, subject_id
HAVING count(*) > 1
