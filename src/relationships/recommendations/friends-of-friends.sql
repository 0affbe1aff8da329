-- Whom those followed by $1 follow, and $1 does not: the $2 followed by most of them, each with the count and the first $3
-- of them by id. The union is read from the primary key alone; who is not to be shown (the viewer, whoever they have a
-- relationship to, who blocks them, who was dismissed) is put together once and hashed; accounts that are gone are
-- noticed while the best are taken, and the followers named of those alone.
WITH mine AS MATERIALIZED (
  SELECT subject_id AS id FROM relationships WHERE owner_id = $1 AND kind IN (1, 2)
), hidden AS MATERIALIZED (
  SELECT subject_id AS id FROM relationships WHERE owner_id = $1
  UNION ALL
  SELECT owner_id FROM relationships WHERE subject_id = $1 AND kind IN (3, 4) AND kind = 3
  UNION ALL
  SELECT subject_id FROM recommendation_dismissals WHERE owner_id = $1
  UNION ALL
  SELECT $1
), counted AS (
  SELECT theirs.subject_id AS id, count(*)::int AS count
  FROM mine JOIN relationships AS theirs ON theirs.owner_id = mine.id AND theirs.kind IN (1, 2)
  GROUP BY theirs.subject_id
), ranked AS (
  SELECT id, count FROM counted WHERE id NOT IN (SELECT id FROM hidden) ORDER BY count DESC, id DESC
), best AS MATERIALIZED (
  SELECT id, count FROM ranked
  WHERE (SELECT deleted_at IS NULL FROM users WHERE users.id = ranked.id)
  LIMIT $2
)
SELECT id, count, ARRAY(
  SELECT mine.id FROM mine JOIN relationships AS theirs ON theirs.owner_id = mine.id AND theirs.subject_id = best.id
  WHERE theirs.kind IN (1, 2)
  ORDER BY mine.id
  LIMIT $3
) AS followers
FROM best
ORDER BY count DESC, id DESC
