SELECT reason, kind, count(*)::float8 AS rows FROM activities_removed WHERE repair_id = $1 GROUP BY reason, kind ORDER BY reason, kind
