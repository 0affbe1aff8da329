-- Keeps a sample of the backlog, unless there is one of the last $5 ms, and forgets those older than an hour.
WITH forgotten AS (
  DELETE FROM backlog_samples WHERE at < clock_timestamp() - interval '1 hour'
)
INSERT INTO backlog_samples (jobs, intents, rows, redis_bytes)
SELECT $1, $2, $3, $4
WHERE NOT EXISTS (
  SELECT FROM backlog_samples WHERE at > clock_timestamp() - make_interval(secs => $5::float8 / 1000)
)
