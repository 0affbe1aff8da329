SELECT author_id AS id, state FROM pulled_authors
