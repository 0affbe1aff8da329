-- Those of the pairs of an owner ($1) and a subject ($2) that are follows, in which way and from which post on.
SELECT owner_id, subject_id, kind, floor
FROM unnest($1::bigint[], $2::bigint[]) AS given (owner, subject)
JOIN relationships ON owner_id = given.owner AND subject_id = given.subject
WHERE kind IN (1, 2)
