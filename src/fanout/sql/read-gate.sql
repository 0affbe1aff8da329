SELECT closed, reason, closed_by, closed_at, reopens_at, coalesce(reopens_at <= clock_timestamp(), false) AS due
FROM gate
