-- Who is to have a chunk's post, by stream, and how many of those whom it was cut for do not get it, by reason: they are in
-- the audience no more, or have not read for so long that nothing is written for them.
SELECT
  coalesce(string_agg(member.id::text, ',') FILTER (WHERE member.kind = 1 AND sleeper.user_id IS NULL), '') AS friends,
  coalesce(string_agg(member.id::text, ',') FILTER (WHERE member.kind = 2 AND sleeper.user_id IS NULL), '') AS noise,
  count(*) FILTER (WHERE member.kind = 3)::integer AS blocked,
  count(*) FILTER (WHERE member.kind = 4)::integer AS muted,
  count(*) FILTER (WHERE member.kind = 0)::integer AS "left",
  count(*) FILTER (WHERE member.kind IN (1, 2) AND sleeper.user_id IS NOT NULL)::integer AS dormant
FROM fanout_chunks AS chunk
LEFT JOIN LATERAL audience_standings(
  $3, coalesce(chunk.members, audience_between($3, chunk.after_id, chunk.upto_id))
) AS member ON true
-- What is older than their sleep is not filled in when they wake.
LEFT JOIN sleepers AS sleeper ON sleeper.user_id = member.id AND NOT sleeper.waking AND sleeper.since_id <= $1
WHERE chunk.post_id = $1 AND chunk.number = $2
GROUP BY chunk.number
