SELECT NOT EXISTS (
  SELECT FROM backlog_samples WHERE at > clock_timestamp() - make_interval(secs => $1::float8 / 1000)
) AS due
