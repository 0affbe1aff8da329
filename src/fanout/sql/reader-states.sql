-- Of some readers, those whose rows are not all there is: authors of whom rows are still to be put in their place, by the
-- index outbox_placements, and whether fan-out has passed the reader over.
SELECT reader::text, unplaced, asleep
FROM unnest($1::bigint[]) AS reader
CROSS JOIN LATERAL (
  SELECT
    (
      SELECT array_agg(payload ->> 'subjectId') FROM outbox
      WHERE topic = 'placement.changed' AND (payload ->> 'ownerId')::bigint = reader
    ) AS unplaced,
    EXISTS (SELECT FROM sleepers WHERE user_id = reader) AS asleep
) AS state
WHERE unplaced IS NOT NULL OR asleep
