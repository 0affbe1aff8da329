-- Who is to have a chunk's post, by stream, and how many of those whom it was cut for are in the audience no more, by reason.
SELECT
  coalesce(string_agg(member.id::text, ',') FILTER (WHERE member.kind = 1), '') AS friends,
  coalesce(string_agg(member.id::text, ',') FILTER (WHERE member.kind = 2), '') AS noise,
  count(*) FILTER (WHERE member.kind = 3)::integer AS blocked,
  count(*) FILTER (WHERE member.kind = 4)::integer AS muted,
  count(*) FILTER (WHERE member.kind = 0)::integer AS "left"
FROM fanout_chunks AS chunk
LEFT JOIN LATERAL audience_standings(
  $3, coalesce(chunk.members, audience_between($3, chunk.after_id, chunk.upto_id))
) AS member ON true
WHERE chunk.post_id = $1 AND chunk.number = $2
GROUP BY chunk.number
