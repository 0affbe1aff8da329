-- All but the newest $1 that are over.
DELETE FROM index_builds
WHERE state <> 'running' AND id < (SELECT min(id) FROM (SELECT id FROM index_builds ORDER BY id DESC LIMIT $1) newest)
