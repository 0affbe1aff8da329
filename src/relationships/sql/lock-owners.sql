-- Locks the owners' version rows, lower id first, so that two changes of one pair cannot deadlock. Answers those that exist.
SELECT owner_id FROM graph_owners WHERE owner_id = ANY ($1::bigint[]) ORDER BY owner_id FOR UPDATE
