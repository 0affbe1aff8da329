-- Makes those that are missing; where none is, nothing is written and nothing locked.
INSERT INTO graph_owners (owner_id)
SELECT id FROM unnest($1::bigint[]) AS given (id)
WHERE NOT EXISTS (SELECT FROM graph_owners WHERE owner_id = given.id)
ORDER BY id
ON CONFLICT DO NOTHING
