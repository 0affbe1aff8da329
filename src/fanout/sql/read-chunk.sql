-- Who is to have a chunk's post, by stream, and how many of those whom it was cut for do not get it, by reason: they are in
-- the audience no more, or have not read for so long that nothing is written for them.
WITH member AS (
  SELECT
    audience.id,
    -- Posts that were merged once and are written later: who follows since a time after the post does not see it.
    CASE WHEN late.owner_id IS NULL THEN audience.kind ELSE 0 END AS kind,
    sleeper.user_id IS NOT NULL AS sleeps
  FROM fanout_chunks AS chunk
  CROSS JOIN LATERAL audience_standings(
    $3, coalesce(chunk.members, audience_between($3, chunk.after_id, chunk.upto_id))
  ) AS audience
  LEFT JOIN LATERAL (
    SELECT owner_id FROM relationships
    WHERE (SELECT EXISTS (SELECT FROM pulled_authors WHERE author_id = $3))
      AND owner_id = audience.id AND subject_id = $3 AND floor > $1
  ) AS late ON audience.kind IN (1, 2)
  -- What is older than their sleep is not filled in when they wake.
  LEFT JOIN sleepers AS sleeper ON sleeper.user_id = audience.id AND NOT sleeper.waking AND sleeper.since_id <= $1
  WHERE chunk.post_id = $1 AND chunk.number = $2
)
SELECT
  coalesce(string_agg(id::text, ',') FILTER (WHERE kind = 1 AND NOT sleeps), '') AS friends,
  coalesce(string_agg(id::text, ',') FILTER (WHERE kind = 2 AND NOT sleeps), '') AS noise,
  count(*) FILTER (WHERE kind = 3)::integer AS blocked,
  count(*) FILTER (WHERE kind = 4)::integer AS muted,
  count(*) FILTER (WHERE kind = 0)::integer AS "left",
  count(*) FILTER (WHERE kind IN (1, 2) AND sleeps)::integer AS dormant
FROM member
HAVING EXISTS (SELECT FROM fanout_chunks WHERE post_id = $1 AND number = $2)
