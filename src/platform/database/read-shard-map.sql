-- The shard map with its version, unless it is the version $1.
SELECT map.version, owner.bucket, owner.shard FROM shard_map AS map CROSS JOIN shard_buckets AS owner
WHERE map.version <> $1
ORDER BY owner.bucket
