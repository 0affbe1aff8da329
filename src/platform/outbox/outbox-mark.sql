-- Changes whenever the newest $2 rows of one of the topics do: how many there are and the sum of their ids, by topic. And the
-- last value of the sequence $3, not older than that.
SELECT (
    SELECT count(*) || ' ' || coalesce(sum(id), 0)
    FROM (SELECT id FROM outbox WHERE topic = given.topic ORDER BY id DESC LIMIT $2) AS newest
  ) AS mark,
  coalesce(pg_sequence_last_value($3::regclass), 0) AS drawn
FROM unnest($1::text[]) WITH ORDINALITY AS given(topic, place)
ORDER BY place
