-- Strikes a chunk and counts it on the receipt, together and once: a chunk that was struck before counts nothing.
-- $3: recipients who have the row now; $4, $5, $6: who blocked, muted, or left without either. $7: how many chunks may be in
-- the queue at a time. Whom the shards $8 refused, lists of ids in $9, become chunks that wait for their shard.
WITH struck AS (
  DELETE FROM fanout_chunks WHERE post_id = $1 AND number = $2 RETURNING expected AS planned
), refused AS (
  SELECT shard, array_sort(ids::bigint[]) AS members FROM struck, unnest($8::smallint[], $9::text[]) AS given (shard, ids)
), waiting AS (
  INSERT INTO fanout_chunks (post_id, number, after_id, upto_id, expected, members, waits_for)
  SELECT $1, -nextval('fanout_leftovers'), members[1] - 1, members[cardinality(members)], cardinality(members), members, shard
  FROM refused
), sums AS (
  SELECT planned, count(members)::integer AS chunks, coalesce(sum(cardinality(members)), 0)::integer AS members
  FROM struck LEFT JOIN refused ON true GROUP BY planned
)
UPDATE fanouts SET
  written = written + $3,
  blocked = blocked + $4,
  muted = muted + $5,
  skipped = skipped + $6,
  -- No difference, unless the release before this one cut the chunk.
  expected = expected + $3 + $4 + $5 + $6 + sums.members - sums.planned,
  chunks = fanouts.chunks + sums.chunks,
  chunks_done = chunks_done + 1,
  struck = struck + ($2 >= 0)::integer,
  handed = greatest(handed, least(cut, struck + ($2 >= 0)::integer + $7)),
  state = CASE WHEN fanouts.planned AND chunks_done + 1 = fanouts.chunks + sums.chunks THEN 'done' ELSE state END,
  finished_at = CASE WHEN fanouts.planned AND chunks_done + 1 = fanouts.chunks + sums.chunks THEN clock_timestamp() END
FROM sums
WHERE post_id = $1
RETURNING state, fanouts.planned, cut, outbox_id, old.handed AS handed_before, new.handed
