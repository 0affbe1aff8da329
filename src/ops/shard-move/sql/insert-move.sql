INSERT INTO shard_moves (source, target, buckets, pace, requested_by, runner, progress, heartbeat_at)
VALUES ($1, $2, $3::smallint[], $4, $5, $6, $7, clock_timestamp())
RETURNING id
