-- Lets up to $2 chunks go that wait for the shard $1; answers them, and the outbox rows behind them.
WITH chosen AS MATERIALIZED (
  SELECT post_id, number FROM fanout_chunks WHERE waits_for = $1 ORDER BY post_id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE fanout_chunks AS chunk SET waits_for = NULL
FROM chosen JOIN fanouts USING (post_id)
WHERE chunk.post_id = chosen.post_id AND chunk.number = chosen.number
RETURNING chunk.post_id, fanouts.author_id, chunk.number, fanouts.outbox_id
