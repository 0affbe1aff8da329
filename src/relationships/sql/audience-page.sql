-- Followers of $1 above $2 up to $3, in the order of their ids: one index-only range of relationships_audience.
SELECT owner_id, kind FROM relationships
WHERE subject_id = $1 AND kind IN (1, 2) AND owner_id > $2 AND owner_id <= $3
ORDER BY owner_id
LIMIT $4
