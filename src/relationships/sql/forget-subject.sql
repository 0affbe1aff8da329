WITH removed AS (
  DELETE FROM relationships WHERE subject_id = $1 AND owner_id = ANY ($2::bigint[]) RETURNING owner_id, kind
)
UPDATE graph_owners AS owner SET
  version = version + 1,
  friends = friends - (removed.kind = 1)::int,
  noise = noise - (removed.kind = 2)::int,
  changed_at = now()
FROM removed WHERE owner.owner_id = removed.owner_id
