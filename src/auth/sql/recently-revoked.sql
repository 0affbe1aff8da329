-- Sessions revoked within the last $1 seconds: as long as an access token of theirs may still be good.
SELECT id FROM sessions WHERE revoked_at > clock_timestamp() - make_interval(secs => $1)
