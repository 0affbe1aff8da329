-- Deals $1 buckets to $2 shards in turn, unless they are dealt already.
INSERT INTO shard_buckets (bucket, shard)
SELECT bucket, bucket % $2::int FROM generate_series(0, $1::int - 1) AS bucket
WHERE NOT EXISTS (SELECT FROM shard_buckets)
