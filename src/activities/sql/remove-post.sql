-- Takes a post ($2) out of the feeds of some recipients.
DELETE FROM activities WHERE recipient_id = ANY ($1::bigint[]) AND stream IN (1, 2) AND entry_id = $2
