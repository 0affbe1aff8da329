-- The next $7 rows behind ($1, …, $6) of those that came from before there were partitions.
SELECT recipient_id, stream, entry_id, kind, actor_id, subject_id FROM activities_unsorted
WHERE (recipient_id, stream, entry_id, kind, actor_id, subject_id) > ($1, $2::smallint, $3, $4::smallint, $5, $6)
ORDER BY recipient_id, stream, entry_id, kind, actor_id, subject_id
LIMIT $7
