INSERT INTO index_builds (work, requested_by, runner, shards, reason, heartbeat_at)
VALUES ($1, $2, $3, $4, $5, clock_timestamp())
RETURNING id, gates
