-- Closings with ids below $1, the latest first.
SELECT id, shard, reason, closed_by, closed_at, reopens_at, quiet_at, opened_at, opened_by, opening, jobs_waiting,
  intents_waiting
FROM gate_closings
WHERE id < $1
ORDER BY id DESC
LIMIT $2
