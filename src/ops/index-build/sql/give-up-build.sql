-- An interrupted build that nobody is to go on with.
UPDATE index_builds SET state = 'aborted', finished_at = clock_timestamp() WHERE id = $1 AND state = 'interrupted'
RETURNING work, gates
