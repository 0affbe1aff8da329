-- Whom those followed by $1 follow, and $1 does not: the $2 followed by most of them, each with the count and the first $3
-- of them by id. Nobody who is $1, is followed, blocked or muted by $1, blocks $1, was dismissed, or is gone. The paths:
-- index-only through the primary key for the union, one small index each for who is left out; the accounts and the
-- names of those alone who are in the answer.
WITH mine AS MATERIALIZED (
  SELECT subject_id AS id FROM relationships WHERE owner_id = $1 AND kind IN (1, 2)
), counted AS (
  SELECT theirs.subject_id AS id, count(*)::int AS count
  FROM mine JOIN relationships AS theirs ON theirs.owner_id = mine.id
  WHERE theirs.kind IN (1, 2) AND theirs.subject_id <> $1
  GROUP BY theirs.subject_id
), ranked AS (
  SELECT id, count FROM counted
  WHERE NOT EXISTS (SELECT FROM relationships WHERE owner_id = $1 AND subject_id = counted.id)
    AND NOT EXISTS (SELECT FROM relationships WHERE owner_id = counted.id AND subject_id = $1 AND kind IN (3, 4) AND kind = 3)
    AND NOT EXISTS (SELECT FROM recommendation_dismissals WHERE owner_id = $1 AND subject_id = counted.id)
  ORDER BY count DESC, id DESC
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
