-- A fan-out that was carried out in one go.
UPDATE fanouts
SET state = 'done', expected = $2, written = $2, chunks = 1, chunks_done = 1, finished_at = clock_timestamp()
WHERE post_id = $1 AND state = 'running'
