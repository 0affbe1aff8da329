-- Once an hour is enough: nothing is written while the last note is younger than that.
INSERT INTO feed_reads (user_id, read_at) VALUES ($1, clock_timestamp())
ON CONFLICT (user_id) DO UPDATE SET read_at = excluded.read_at
WHERE feed_reads.read_at < clock_timestamp() - interval '1 hour'
