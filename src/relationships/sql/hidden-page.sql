-- Whom $1 blocks or mutes, by the small index of those alone.
SELECT subject_id AS id FROM relationships
WHERE owner_id = $1 AND kind IN (3, 4) AND kind = $2 AND subject_id < $3
ORDER BY subject_id DESC
LIMIT $4
