-- Up to 10,000 rows of a recipient.
DELETE FROM activities WHERE ctid IN (SELECT ctid FROM activities WHERE recipient_id = $1 LIMIT 10000) AND recipient_id = $1
RETURNING 1
