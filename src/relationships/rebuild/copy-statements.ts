/**
 * Leaves each query one plan, whatever the statistics are or are not: walks along indexes in the order of ids, merged. A
 * hash table of all users would spill to disk, more processes would take the processor from Redis, and tables that were
 * never analysed would bring forth plans that sort or look up everything again for each piece.
 */
export const PLANNER = [
  'SET LOCAL max_parallel_workers_per_gather = 0',
  ...['hashagg', 'hashjoin', 'nestloop', 'sort', 'incremental_sort', 'seqscan', 'bitmapscan'].map(
    (plan) => `SET LOCAL enable_${plan} = off`,
  ),
].join('; ');

/**
 * The owners of some relationships, with all of those: subjects in ascending order, and their kinds. An owner a row: a row
 * a relationship would make Postgres and this process handle ten times as many.
 *
 * @param relationships a condition, or a condition with an order and a limit
 */
export const COPY_SETS = (relationships: string): string => `COPY (
  SELECT owner_id::text, string_agg(int8send(subject_id), '' ORDER BY subject_id), string_agg(int2send(kind), '' ORDER BY subject_id)
  FROM (SELECT owner_id, subject_id, kind FROM relationships WHERE ${relationships}) AS part
  GROUP BY part.owner_id ORDER BY part.owner_id
) TO STDOUT (FORMAT binary)`;

/** The first relationships of owners above one. */
export const relationshipsAfter = (owner: string, most: number): string =>
  `owner_id > ${owner} ORDER BY owner_id, subject_id LIMIT ${most}`;

/** Versions and counts of the next users above one. */
export const COPY_COUNTS = (after: string, most: number): string => `COPY (
  SELECT users.id, coalesce(owner.version, 0), coalesce(owner.friends, 0), coalesce(owner.noise, 0), coalesce(audience.size, 0)
  FROM users
  LEFT JOIN graph_owners AS owner ON owner.owner_id = users.id AND owner.owner_id > ${after}
  LEFT JOIN (
    SELECT subject_id, count(*) AS size FROM relationships WHERE kind IN (1, 2) AND subject_id > ${after} GROUP BY subject_id
  ) AS audience ON audience.subject_id = users.id
  WHERE users.deleted_at IS NULL AND users.id > ${after}
  ORDER BY users.id LIMIT ${most}
) TO STDOUT`;

/** Who is blocked, by whom. */
export const COPY_BLOCKERS = `COPY (SELECT subject_id, owner_id FROM relationships WHERE kind = 3) TO STDOUT`;
