import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Exact receipts, chunks that a worker takes a few at a time, and what waits for a shard that is closed or away. */
export class FairFanOut1763830000000 implements MigrationInterface {
  readonly name = 'FairFanOut1763830000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION audience_standings, audience_between, audience_chunks');
    await runner.query('ALTER TABLE outbox DROP COLUMN waits_for');
    await runner.query('ALTER TABLE fanout_chunks DROP COLUMN waits_for, DROP COLUMN members');
    await runner.query(`
      ALTER TABLE fanouts DROP COLUMN outbox_id, DROP COLUMN planned, DROP COLUMN planned_upto, DROP COLUMN cut,
        DROP COLUMN struck, DROP COLUMN handed, DROP COLUMN blocked, DROP COLUMN muted, DROP COLUMN dormant`);
    await runner.query('DROP SEQUENCE fanout_leftovers');
  }
}

const UP = [
  // cut, struck, handed: how many chunks the audience was cut into so far, how many of these are done, and how many were
  // given to the queue. skipped counts those who left without blocking or muting.
  `ALTER TABLE fanouts
     ADD COLUMN outbox_id bigint,
     ADD COLUMN planned boolean NOT NULL DEFAULT false,
     ADD COLUMN planned_upto bigint NOT NULL DEFAULT 0,
     ADD COLUMN cut integer NOT NULL DEFAULT 0,
     ADD COLUMN struck integer NOT NULL DEFAULT 0,
     ADD COLUMN handed integer NOT NULL DEFAULT 0,
     ADD COLUMN blocked integer NOT NULL DEFAULT 0,
     ADD COLUMN muted integer NOT NULL DEFAULT 0,
     ADD COLUMN dormant integer NOT NULL DEFAULT 0`,
  `UPDATE fanouts SET planned = true, cut = chunks, struck = chunks_done, handed = chunks
   WHERE chunks > 0 OR state = 'done'`,

  // The members of a chunk as they were when it was cut; who of them is missing when it is written has left since. A
  // chunk that the release before this one cut has none, and is its range of ids.
  'ALTER TABLE fanout_chunks ADD COLUMN members bigint[], ADD COLUMN waits_for smallint',
  'ALTER TABLE fanout_chunks ALTER COLUMN members SET STORAGE EXTERNAL',
  'CREATE INDEX fanout_chunks_waiting ON fanout_chunks (waits_for) WHERE waits_for IS NOT NULL',
  // Numbers, below zero, of the chunks that hold what a shard refused; unique for each post, and that is enough.
  'CREATE SEQUENCE fanout_leftovers AS integer CYCLE',

  'ALTER TABLE outbox ADD COLUMN waits_for smallint',
  'CREATE INDEX outbox_waiting ON outbox (waits_for) WHERE waits_for IS NOT NULL',

  // The next followers of an author beyond an id, cut into at most so many chunks of a size: each is read along the index,
  // in its order, from where the one before it ends.
  `CREATE FUNCTION audience_chunks(author bigint, beyond bigint, size integer, most integer)
   RETURNS TABLE (number integer, members bigint[]) LANGUAGE sql STABLE AS $$
     WITH RECURSIVE chunk AS (
       SELECT 0 AS number, ARRAY(
         SELECT owner_id FROM relationships
         WHERE subject_id = author AND kind IN (1, 2) AND owner_id > beyond
         ORDER BY owner_id LIMIT size
       ) AS members
       UNION ALL
       SELECT chunk.number + 1, ARRAY(
         SELECT owner_id FROM relationships
         WHERE subject_id = author AND kind IN (1, 2) AND owner_id > chunk.members[size]
         ORDER BY owner_id LIMIT size
       )
       FROM chunk
       WHERE cardinality(chunk.members) = size AND chunk.number + 1 < most
     )
     SELECT chunk.number, chunk.members FROM chunk WHERE chunk.members <> '{}'
   $$`,

  `CREATE FUNCTION audience_between(author bigint, beyond bigint, upto bigint)
   RETURNS bigint[] LANGUAGE sql STABLE AS $$
     SELECT array_agg(owner_id ORDER BY owner_id) FROM relationships
     WHERE subject_id = author AND kind IN (1, 2) AND owner_id > beyond AND owner_id <= upto
   $$`,

  // How each of some former followers, in the order of their ids, stands to the author now: 1 friend, 2 noise, 3 blocked
  // (in either direction), 4 muted, 0 none of these. One range of relationships_audience instead of a look-up for each.
  `CREATE FUNCTION audience_standings(author bigint, members bigint[])
   RETURNS TABLE (id bigint, kind integer) LANGUAGE sql STABLE SET enable_nestloop = off AS $$
     SELECT member.id, coalesce(following.kind, (
       SELECT max(CASE WHEN hiding.kind = 3 THEN 3 ELSE hiding.kind END) FROM (
         SELECT r.kind FROM relationships r WHERE r.owner_id = member.id AND r.subject_id = author
         UNION ALL
         SELECT r.kind FROM relationships r WHERE r.owner_id = author AND r.subject_id = member.id AND r.kind = 3
       ) AS hiding
     ), 0)
     FROM unnest(members) AS member (id)
     LEFT JOIN (
       SELECT r.owner_id, r.kind FROM relationships r
       WHERE r.subject_id = author AND r.kind IN (1, 2)
         AND r.owner_id >= members[1] AND r.owner_id <= members[cardinality(members)]
     ) AS following ON following.owner_id = member.id
   $$`,
];
