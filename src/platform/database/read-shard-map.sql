SELECT bucket, shard FROM shard_buckets ORDER BY bucket
