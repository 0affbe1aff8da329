-- What a fan-out's chunks wait for: rows by shard.
SELECT waits_for AS shard, sum(expected)::integer AS rows FROM fanout_chunks
WHERE post_id = $1 AND waits_for IS NOT NULL
GROUP BY waits_for ORDER BY waits_for
