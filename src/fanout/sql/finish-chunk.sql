-- Strikes a chunk and counts it on the receipt, together and once: a chunk that was struck before counts nothing.
-- $3: recipients that have the row now; those who left the audience since it was planned count as skipped.
WITH struck AS (
  DELETE FROM fanout_chunks WHERE post_id = $1 AND number = $2 RETURNING expected AS planned
)
UPDATE fanouts SET
  written = written + $3,
  skipped = skipped + greatest(planned - $3, 0),
  expected = expected + greatest($3 - planned, 0),
  chunks_done = chunks_done + 1,
  state = CASE WHEN chunks_done + 1 = chunks THEN 'done' ELSE state END,
  finished_at = CASE WHEN chunks_done + 1 = chunks THEN clock_timestamp() END
FROM struck
WHERE post_id = $1
RETURNING state
