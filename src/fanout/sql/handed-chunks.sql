-- Chunks that were given to the queue, are not done and wait for no shard, the first ones first.
SELECT chunk.number FROM fanout_chunks AS chunk JOIN fanouts USING (post_id)
WHERE post_id = $1 AND chunk.number < handed AND waits_for IS NULL
ORDER BY chunk.number LIMIT $2
