-- Of the next $2 users above $1, those who have not read a feed for $3 seconds fall asleep; who never has counts from the
-- day of signing up. $4: the oldest post that may not have reached them. Answers up to which user that went.
WITH next AS (
  SELECT id FROM users WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2
), fallen AS (
  INSERT INTO sleepers (user_id, since_id)
  SELECT next.id, $4 FROM next LEFT JOIN feed_reads ON feed_reads.user_id = next.id
  WHERE coalesce(feed_reads.read_at, to_timestamp(((next.id >> 22) + 1262304000000) / 1000.0))
    < clock_timestamp() - make_interval(secs => $3)
  ON CONFLICT DO NOTHING
)
SELECT max(id) AS upto FROM next
