-- A sign of life from the runner $2 of the build $1; no row when it is not its build any more.
UPDATE index_builds SET heartbeat_at = clock_timestamp() WHERE id = $1 AND runner = $2 AND state = 'running'
RETURNING abort_requested AS "abortRequested"
