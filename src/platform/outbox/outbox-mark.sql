-- Changes whenever the newest $2 rows of a topic do.
SELECT count(*) || ' ' || coalesce(sum(id), 0) AS mark
FROM (SELECT id FROM outbox WHERE topic = $1 ORDER BY id DESC LIMIT $2) AS newest
