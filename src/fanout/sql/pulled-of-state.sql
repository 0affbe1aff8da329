-- Authors in one state ($1) above $3, at most $2; those whom an operator has pulled are left alone.
SELECT author_id AS id FROM pulled_authors
WHERE state = $1 AND author_id > $3 AND NOT (state = 'pulled' AND by_operator)
ORDER BY author_id LIMIT $2
