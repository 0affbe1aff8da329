-- What the mirror knows, from the truth: counts of each user in $2 (of followers only if $3), and how $1 and they stand to
-- each other.
SELECT
  CASE WHEN $3 THEN
    (SELECT count(*)::int FROM relationships WHERE subject_id = given.id AND kind IN (1, 2))
  ELSE 0 END AS followers,
  coalesce(owner.friends, 0) AS friends,
  coalesce(owner.noise, 0) AS noise,
  mine.kind AS mine,
  theirs.kind AS theirs
FROM unnest($2::bigint[]) WITH ORDINALITY AS given (id, place)
LEFT JOIN graph_owners AS owner ON owner.owner_id = given.id
LEFT JOIN relationships AS mine ON mine.owner_id = $1 AND mine.subject_id = given.id
LEFT JOIN relationships AS theirs ON theirs.owner_id = given.id AND theirs.subject_id = $1
ORDER BY given.place
