-- How $1 stands to $2, and $2 to $1.
SELECT
  (SELECT kind FROM relationships WHERE owner_id = $1 AND subject_id = $2) AS mine,
  (SELECT kind FROM relationships WHERE owner_id = $2 AND subject_id = $1) AS theirs
