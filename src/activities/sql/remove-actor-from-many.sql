-- Takes everything of an actor ($2) out of the streams of some recipients.
DELETE FROM activities WHERE recipient_id = ANY ($1::bigint[]) AND stream IN (1, 2, 3) AND actor_id = $2
