-- Closes the receipt of a post that was gone before anybody had it.
UPDATE fanouts SET state = 'done', planned = true, finished_at = clock_timestamp()
WHERE post_id = $1 AND state = 'running' AND cut = 0
