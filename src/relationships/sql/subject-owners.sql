-- Whoever has a relationship to $1, by the two indexes that together know them all.
(SELECT owner_id AS id FROM relationships WHERE subject_id = $1 AND kind IN (1, 2) ORDER BY owner_id LIMIT $2)
UNION ALL
(SELECT owner_id AS id FROM relationships WHERE subject_id = $1 AND kind IN (3, 4) ORDER BY owner_id LIMIT $2)
LIMIT $2
