-- The newest $2 rows of a topic, newest first.
SELECT id, payload FROM outbox WHERE topic = $1 ORDER BY id DESC LIMIT $2
