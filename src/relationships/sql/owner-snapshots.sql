-- Each owner's version and sets, as of one moment.
SELECT
  given.id AS "ownerId",
  coalesce(owner.version, 0)::float8 AS version,
  coalesce(edges.friends, '{}') AS friends,
  coalesce(edges.noise, '{}') AS noise,
  coalesce(edges.blocks, '{}') AS blocks,
  coalesce(edges.mutes, '{}') AS mutes
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
