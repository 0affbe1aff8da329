-- Authors of whom rows are still to be put in their place in the feeds of some owners; by the index outbox_placements.
SELECT payload ->> 'ownerId', array_agg(payload ->> 'subjectId')
FROM outbox
WHERE topic = 'placement.changed' AND (payload ->> 'ownerId')::bigint = ANY ($1::bigint[])
GROUP BY 1
