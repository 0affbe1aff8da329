SELECT owner_id AS id FROM relationships
WHERE subject_id = $1 AND kind IN (1, 2) AND owner_id < $2
ORDER BY owner_id DESC
LIMIT $3
