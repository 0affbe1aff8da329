UPDATE pulled_authors SET state = 'pushing' WHERE author_id = $1 AND state = 'pulled'
