-- Builds whose process has given no sign of life for $1 seconds are over.
UPDATE index_builds SET state = 'interrupted', finished_at = heartbeat_at
WHERE state = 'running' AND heartbeat_at < clock_timestamp() - make_interval(secs => $1)
