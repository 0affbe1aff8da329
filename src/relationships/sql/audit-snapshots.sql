-- Everything that the mirror holds of each user, as of one moment.
SELECT
  given.id AS "ownerId",
  coalesce(owner.version, 0)::float8 AS version,
  coalesce(edges.friends, '{}') AS friends,
  coalesce(edges.noise, '{}') AS noise,
  coalesce(edges.blocks, '{}') AS blocks,
  coalesce(edges.mutes, '{}') AS mutes,
  coalesce(owner.friends, 0) AS "friendsCount",
  coalesce(owner.noise, 0) AS "noiseCount",
  (SELECT count(*)::int FROM relationships WHERE subject_id = given.id AND kind IN (1, 2)) AS followers,
  coalesce((SELECT array_agg(owner_id) FROM relationships WHERE subject_id = given.id AND kind = 3), '{}') AS blockers
FROM unnest($1::bigint[]) AS given (id)
LEFT JOIN graph_owners AS owner ON owner.owner_id = given.id
LEFT JOIN LATERAL (
  SELECT
    array_agg(subject_id) FILTER (WHERE kind = 1) AS friends,
    array_agg(subject_id) FILTER (WHERE kind = 2) AS noise,
    array_agg(subject_id) FILTER (WHERE kind = 3) AS blocks,
    array_agg(subject_id) FILTER (WHERE kind = 4) AS mutes
  FROM relationships WHERE owner_id = given.id
) AS edges ON true
