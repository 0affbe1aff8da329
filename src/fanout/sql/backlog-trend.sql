-- The oldest sample of the last minute that was taken since a gate was last closed or opened, and its age in seconds.
SELECT extract(epoch FROM clock_timestamp() - at)::float8 AS age, rows, redis_bytes
FROM backlog_samples
WHERE at > greatest(
  clock_timestamp() - interval '1 minute',
  (SELECT greatest(closed_at, opened_at) FROM gate_closings ORDER BY id DESC LIMIT 1)
)
ORDER BY at
LIMIT 1
