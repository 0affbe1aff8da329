-- The next $3 followers of $1 above $2: how many there are, and the highest id among them.
SELECT count(*)::int AS size, max(owner_id) AS upto FROM (
  SELECT owner_id FROM relationships
  WHERE subject_id = $1 AND kind IN (1, 2) AND owner_id > $2
  ORDER BY owner_id
  LIMIT $3
) AS chunk
