-- The newest $4 of one recipient's notifications of each kind ($2) about each subject ($3), newest first.
SELECT member.entry_id, member.kind, member.actor_id, member.subject_id
FROM unnest($2::smallint[], $3::bigint[]) AS given (kind, subject_id)
CROSS JOIN LATERAL (
  SELECT entry_id, kind, actor_id, subject_id FROM activities
  WHERE recipient_id = $1 AND stream = 3 AND kind = given.kind AND subject_id = given.subject_id
  ORDER BY entry_id DESC, actor_id DESC
  LIMIT $4
) AS member
