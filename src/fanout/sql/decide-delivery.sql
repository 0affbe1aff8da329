-- An operator's decision about an author: $2 is 'push' or 'pull'. Who was merged is written again first ('pushing'), and
-- never merged after that ('never'). Who was written is merged from now on, which every process has to hear of.
INSERT INTO pulled_authors (author_id, state, by_operator)
SELECT $1, CASE WHEN $2 = 'push' THEN 'never' ELSE 'pulled' END, true FROM nextval('merged_posts')
ON CONFLICT (author_id) DO UPDATE SET
  by_operator = true,
  state = CASE WHEN $2 = 'pull' THEN 'pulled' WHEN pulled_authors.state = 'pulled' THEN 'pushing' ELSE pulled_authors.state END,
  since = CASE WHEN $2 = 'pull' AND pulled_authors.state = 'never' THEN clock_timestamp() ELSE pulled_authors.since END
