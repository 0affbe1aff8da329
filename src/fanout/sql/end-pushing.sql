DELETE FROM pulled_authors WHERE author_id = $1 AND state = 'pushing'
