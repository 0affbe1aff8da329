-- Changes whenever the newest $2 rows of one of the topics do: how many there are and the sum of their ids, by topic.
SELECT (
    SELECT count(*) || ' ' || coalesce(sum(id), 0)
    FROM (SELECT id FROM outbox WHERE topic = given.topic ORDER BY id DESC LIMIT $2) AS newest
) AS mark
FROM unnest($1::text[]) WITH ORDINALITY AS given(topic, place)
ORDER BY place
