-- The last value of the sequence $3; and of a topic the newest $2 rows as of a moment not later than that, newest first: a
-- row for each, or a single one without payload.
SELECT newest.payload, drawn.last
FROM (SELECT coalesce(pg_sequence_last_value($3::regclass), 0) AS last) AS drawn
LEFT JOIN (SELECT id, payload FROM outbox WHERE topic = $1 ORDER BY id DESC LIMIT $2) AS newest ON true
ORDER BY newest.id DESC
