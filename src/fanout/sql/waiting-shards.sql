-- The shards, of the first $1, that something waits for.
SELECT shard::integer FROM generate_series(0, $1::integer - 1) AS shard
WHERE EXISTS (SELECT FROM fanout_chunks WHERE waits_for = shard)
