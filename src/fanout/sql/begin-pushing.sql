-- Unless an operator has decided otherwise in the meantime.
UPDATE pulled_authors SET state = 'pushing' WHERE author_id = $1 AND state = 'pulled' AND NOT by_operator
