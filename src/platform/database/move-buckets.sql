-- Makes the shard $2 the owner of the buckets $1. Every process follows within a second.
UPDATE shard_buckets SET shard = $2 WHERE bucket = ANY ($1::smallint[])
