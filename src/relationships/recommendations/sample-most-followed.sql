-- The $2 most followed, by follows in $1 percent of the table's blocks.
SELECT subject_id AS id FROM relationships TABLESAMPLE SYSTEM ($1::float4)
WHERE kind IN (1, 2)
GROUP BY subject_id
ORDER BY count(*) DESC, subject_id DESC
LIMIT $2
