/**
 * Keeps each query to walks along indexes, one row after the other: a hash table of all users would spill to disk, and
 * more processes would take the processor from Redis, which is what the fill waits for.
 */
export const PLANNER = `SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_hashagg = off; SET LOCAL enable_hashjoin = off`;
/** Owners that a condition selects, with their sets. An owner a row: a row a relationship would make Postgres and this process handle ten times as many. */
export const COPY_EDGES = (owners: string): string => `COPY (
  SELECT owner_id,
    string_agg(subject_id::text, ',') FILTER (WHERE kind <= 2), string_agg(subject_id::text, ',') FILTER (WHERE kind = 2),
    string_agg(subject_id::text, ',') FILTER (WHERE kind = 3), string_agg(subject_id::text, ',') FILTER (WHERE kind = 4)
  FROM relationships WHERE ${owners} GROUP BY owner_id ORDER BY owner_id
) TO STDOUT`;
/** Versions and counts of every user. */
export const COPY_COUNTS = `COPY (
  SELECT users.id, coalesce(owner.version, 0), coalesce(owner.friends, 0), coalesce(owner.noise, 0), coalesce(audience.size, 0)
  FROM users
  LEFT JOIN graph_owners AS owner ON owner.owner_id = users.id
  LEFT JOIN (
    SELECT subject_id, count(*) AS size FROM relationships WHERE kind IN (1, 2) GROUP BY subject_id
  ) AS audience ON audience.subject_id = users.id
  WHERE users.deleted_at IS NULL
) TO STDOUT`;
/** Who is blocked, by whom. */
export const COPY_BLOCKERS = `COPY (SELECT subject_id, owner_id FROM relationships WHERE kind = 3) TO STDOUT`;
