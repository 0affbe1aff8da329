-- Of an author whose posts are all written again nothing is merged any more. A post that was being merged when that began
-- may have got its receipt only just now. An operator's decision stays.
WITH kept AS (
  UPDATE pulled_authors SET state = 'never'
  WHERE author_id = $1 AND state = 'pushing' AND by_operator AND NOT EXISTS (SELECT FROM fanouts WHERE author_id = $1 AND pulled)
)
DELETE FROM pulled_authors
WHERE author_id = $1 AND state = 'pushing' AND NOT by_operator AND NOT EXISTS (SELECT FROM fanouts WHERE author_id = $1 AND pulled)
