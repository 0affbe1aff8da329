-- Feed rows of which there are several alike, and how many.
SELECT count(*)::int, recipient_id, stream, entry_id, kind, actor_id, subject_id FROM activities
WHERE stream < 3
GROUP BY recipient_id, stream, entry_id, kind, actor_id, subject_id
HAVING count(*) > 1
