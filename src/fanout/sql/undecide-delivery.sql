-- Takes an operator's decision back: the audience decides again.
WITH never AS (
  DELETE FROM pulled_authors WHERE author_id = $1 AND state = 'never'
)
UPDATE pulled_authors SET by_operator = false WHERE author_id = $1 AND state <> 'never'
