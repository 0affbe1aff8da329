INSERT INTO gate_closings (shard, key, reason, closed_by, reopens_at, fence_at)
VALUES ($1, gen_random_uuid()::text, $2, $3, clock_timestamp() + make_interval(secs => $4),
  clock_timestamp() + make_interval(secs => $5::float8 / 1000))
RETURNING id
