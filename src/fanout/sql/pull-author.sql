-- One whose posts are being written again is pulled as before, unless an operator wants them written. Who is never to be
-- pulled stays as they are.
-- What was kept of their timeline is old.
INSERT INTO pulled_authors (author_id, state) SELECT $1, 'pulled' FROM nextval('merged_posts')
ON CONFLICT (author_id) DO UPDATE SET state = 'pulled' WHERE pulled_authors.state = 'pushing' AND NOT pulled_authors.by_operator
