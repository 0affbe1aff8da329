SELECT post_id, author_id, state, expected, written, skipped, chunks, chunks_done, started_at, finished_at
FROM fanouts WHERE post_id = $1
