SELECT subject_id AS id FROM relationships
WHERE owner_id = $1 AND kind = ANY ($2::smallint[]) AND subject_id < $3
ORDER BY subject_id DESC
LIMIT $4
