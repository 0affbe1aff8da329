-- Whom $1 follows, among $2 (all, where that is null), in which way and from which post on.
SELECT subject_id, kind, floor FROM relationships
WHERE owner_id = $1 AND kind IN (1, 2) AND ($2::bigint[] IS NULL OR subject_id = ANY ($2))
