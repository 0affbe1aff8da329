-- Takes the list to refresh it, if it is older than $1 milliseconds and nobody else does that already.
SELECT id FROM most_followed WHERE refreshed_at <= now() - $1 * interval '1 millisecond' FOR UPDATE SKIP LOCKED
