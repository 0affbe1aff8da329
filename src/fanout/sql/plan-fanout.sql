-- Records the plan, once: no row means that somebody else has planned, or that it is all done.
UPDATE fanouts SET chunks = $2, expected = $3 WHERE post_id = $1 AND state = 'running' AND chunks = 0
RETURNING post_id
