-- Every closing that nobody has opened, with the gate's revision; one row of nulls when all gates are open.
SELECT gate.revision, closing.id, closing.shard, closing.key, closing.reason, closing.closed_by, closing.closed_at,
  closing.reopens_at, closing.quiet_at,
  coalesce(closing.reopens_at <= clock_timestamp(), false) AS due,
  closing.fenced, coalesce(closing.fence_at <= clock_timestamp(), false) AS fence_due
FROM gate LEFT JOIN gate_closings AS closing ON closing.opened_at IS NULL
ORDER BY closing.shard NULLS FIRST
