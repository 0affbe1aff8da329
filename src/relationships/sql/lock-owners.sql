-- Locks the owners' version rows, lower id first, so that two changes of one pair cannot deadlock, and shares the existence
-- of the users in $2: an account that is being deleted waits for us, and we for it. Answers the owners found.
SELECT
  (SELECT count(pg_advisory_xact_lock_shared(id)) FROM unnest($2::bigint[]) AS shared (id)) AS shared,
  ARRAY(
    SELECT owner_id FROM graph_owners WHERE owner_id = ANY ($1::bigint[]) ORDER BY owner_id FOR UPDATE
  ) AS owners
