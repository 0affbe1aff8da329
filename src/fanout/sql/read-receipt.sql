SELECT post_id, author_id, state, planned, expected, written, blocked, muted, skipped AS "left", dormant, chunks, chunks_done,
  started_at, finished_at, extract(epoch FROM coalesce(finished_at, clock_timestamp()) - started_at)::float8 AS seconds
FROM fanouts WHERE post_id = $1
