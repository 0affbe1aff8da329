-- Sets the kind of one relationship ($3; null removes it) and counts the change; the owner's row is locked already.
-- $4 and $5: by how much the owner's numbers of friends and of noise change. $6: the oldest post that a new follower gets;
-- who moves from one feed to the other keeps what they have. Answers the owner's new version, and how many they follow now.
WITH removed AS (
  DELETE FROM relationships WHERE owner_id = $1 AND subject_id = $2 AND $3::smallint IS NULL
), written AS (
  INSERT INTO relationships (owner_id, subject_id, kind, floor)
  SELECT $1, $2, $3::smallint, $6 WHERE $3::smallint IS NOT NULL
  ON CONFLICT (owner_id, subject_id) DO UPDATE SET
    kind = excluded.kind,
    since = now(),
    floor = CASE WHEN relationships.kind IN (1, 2) AND excluded.kind IN (1, 2) THEN relationships.floor ELSE excluded.floor END
)
UPDATE graph_owners SET version = version + 1, friends = friends + $4, noise = noise + $5, changed_at = now()
WHERE owner_id = $1
RETURNING version::float8 AS version, friends + noise AS following
