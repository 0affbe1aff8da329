-- How an author's posts are delivered by decision, whose it was, and whether every process has heard of it by now.
SELECT state, by_operator AS "byOperator",
  since < clock_timestamp() - make_interval(secs => $2::double precision / 1000) AS settled
FROM pulled_authors WHERE author_id = $1
