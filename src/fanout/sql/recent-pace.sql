-- Rows a second that one fan-out was written at, over the last 100; null when there was none.
SELECT (sum(written) / nullif(sum(extract(epoch FROM finished_at - started_at)), 0))::float8 AS pace
FROM (SELECT written, started_at, finished_at FROM fanouts WHERE state = 'done' AND written > 0 ORDER BY post_id DESC LIMIT 100) last
