INSERT INTO graph_owners (owner_id) SELECT id FROM unnest($1::bigint[]) AS given (id) ORDER BY id ON CONFLICT DO NOTHING
