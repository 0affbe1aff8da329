-- Cuts the next followers of the author $2 into up to $4 chunks of $3 and counts them as expected, unless all of the
-- audience is planned; $5: how many of them may be in the queue at a time. The receipt's lock keeps two planners apart.
WITH receipt AS (
  SELECT cut, planned_upto FROM fanouts WHERE post_id = $1 AND NOT planned FOR UPDATE
), next AS (
  SELECT receipt.cut + chunk.number AS number, chunk.members, chunk.members[cardinality(chunk.members)] AS upto
  FROM receipt, audience_chunks($2, receipt.planned_upto, $3, $4) AS chunk
), stored AS (
  INSERT INTO fanout_chunks (post_id, number, after_id, upto_id, expected, members)
  SELECT $1, number, members[1] - 1, upto, cardinality(members), members FROM next
), sums AS (
  SELECT count(*)::integer AS chunks, coalesce(sum(cardinality(members)), 0)::integer AS members, max(upto) AS upto FROM next
)
UPDATE fanouts SET
  expected = expected + sums.members,
  chunks = fanouts.chunks + sums.chunks,
  cut = cut + sums.chunks,
  handed = greatest(handed, least(cut + sums.chunks, struck + $5)),
  planned_upto = coalesce(sums.upto, planned_upto),
  planned = sums.members < $3 * $4,
  state = CASE WHEN sums.members < $3 * $4 AND chunks_done = fanouts.chunks + sums.chunks THEN 'done' ELSE state END,
  finished_at = CASE WHEN sums.members < $3 * $4 AND chunks_done = fanouts.chunks + sums.chunks THEN clock_timestamp() END
FROM sums
WHERE post_id = $1 AND NOT planned
RETURNING state, planned, cut, outbox_id, old.handed AS handed_before, new.handed
