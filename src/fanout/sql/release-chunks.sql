-- Lets up to $2 chunks go that wait for the shard $1.
UPDATE fanout_chunks AS chunk SET waits_for = NULL
FROM fanouts
WHERE fanouts.post_id = chunk.post_id AND (chunk.post_id, chunk.number) IN (
  SELECT post_id, number FROM fanout_chunks WHERE waits_for = $1 ORDER BY post_id LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING chunk.post_id, author_id, chunk.number
