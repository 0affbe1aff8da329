-- Takes an actor's posts ($2) out of both feeds of a recipient.
DELETE FROM activities WHERE recipient_id = $1 AND stream IN (1, 2) AND actor_id = $2
