-- Authors in one state ($1) above $3, at most $2.
SELECT author_id AS id FROM pulled_authors WHERE state = $1 AND author_id > $3 ORDER BY author_id LIMIT $2
