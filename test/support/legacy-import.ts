import type pg from 'pg';
import type { Id } from '../../src/platform/ids/ids.js';

/** Whom and what legacy rows are about. */
export interface LegacyWorld {
  /** Users of this shard. */
  recipients: Id[];
  posts: { id: Id; author: Id }[];
  /** A user of this shard and others, and posts, that are gone. */
  goneRecipient: Id;
  goneUsers: Id[];
  gonePosts: Id[];
}

/** What was put wrong on purpose. */
export interface LegacyImport {
  rows: number;
  duplicates: number;
  orphans: number;
}

/** Takes the unique indexes away, as an operator does who wants to load fast. */
export async function dropKeys(shard: pg.Client): Promise<void> {
  await shard.query('ALTER TABLE activities DROP CONSTRAINT activities_pkey');
  await shard.query('DROP INDEX activities_notification');
}

/**
 * Loads a shard as a careless import would: every recipient has every post, and some notifications; of ten rows one is a
 * duplicate, of fifty one an orphan; in no order. The right rows are in the table `expected` afterwards, the orphans in
 * `orphaned`.
 */
export async function importLegacyRows(shard: pg.Client, world: LegacyWorld): Promise<LegacyImport> {
  const { recipients, posts } = world;
  const count = async (text: string, values: unknown[] = []) => (await shard.query(text, values)).rowCount!;
  const ids = posts.map(({ id }) => id);
  const authors = posts.map(({ author }) => author);
  await shard.query('CREATE TABLE expected (LIKE activities); CREATE TABLE orphaned (LIKE activities)');
  await count(
    `INSERT INTO expected SELECT recipient, 1 + post % 2, post, 1, author, post
     FROM unnest($1::bigint[]) AS recipient CROSS JOIN unnest($2::bigint[], $3::bigint[]) AS posts (post, author)`,
    [recipients, ids, authors],
  );
  await count(
    `INSERT INTO expected SELECT recipient, 3, post, 3, author, post
     FROM unnest($1::bigint[]) AS recipient CROSS JOIN unnest($2::bigint[], $3::bigint[]) AS posts (post, author)`,
    [recipients, ids.slice(0, ids.length / 10), authors.slice(0, ids.length / 10)],
  );
  await count(
    `INSERT INTO expected SELECT recipient, 3, $2::bigint + recipient % 1000, 2, $3, recipient FROM unnest($1::bigint[]) AS recipient`,
    [recipients, ids[0], authors[0]],
  );
  const right = await count('SELECT FROM expected');
  await shard.query(
    `CREATE TABLE doubled AS
     (SELECT * FROM expected WHERE stream < 3 ORDER BY random() LIMIT $1::int * 6 / 10)
     UNION ALL (SELECT * FROM expected WHERE stream < 3 ORDER BY random() LIMIT $1::int * 2 / 10)
     UNION ALL (SELECT recipient_id, stream, entry_id + 1 + (random() * 1000)::int, kind, actor_id, subject_id
       FROM expected WHERE stream = 3 ORDER BY random() LIMIT $1::int * 2 / 10)`.replaceAll(
      '$1::int',
      String(Math.round((right / 88) * 10)),
    ),
  );
  await orphan(shard, world, Math.round((right / 88) * 2));
  await shard.query(
    `INSERT INTO activities SELECT * FROM (TABLE expected UNION ALL TABLE doubled UNION ALL TABLE orphaned) AS legacy ORDER BY random()`,
  );
  const [duplicates, orphans] = [await count('SELECT FROM doubled'), await count('SELECT FROM orphaned')];
  return { rows: right + duplicates + orphans, duplicates, orphans };
}

/** Rows whose post, actor, recipient or followed user is gone, some of them twice. */
async function orphan(shard: pg.Client, world: LegacyWorld, rows: number): Promise<void> {
  const { recipients, posts, goneRecipient, goneUsers, gonePosts } = world;
  const each = Math.floor(rows / 5);
  const some = `(SELECT * FROM expected WHERE stream < 3 ORDER BY random() LIMIT ${each}) AS chosen`;
  const any = (values: readonly Id[]) =>
    `(ARRAY[${values.join()}]::bigint[])[1 + (random() * ${values.length - 1})::int]`;
  await shard.query(
    `INSERT INTO orphaned SELECT recipient_id, stream, post, kind, actor_id, post
     FROM (SELECT *, ${any(gonePosts)} AS post FROM ${some}) AS changed`,
  );
  await shard.query(
    `INSERT INTO orphaned SELECT recipient_id, stream, entry_id, kind, ${any(goneUsers)}, subject_id FROM ${some}`,
  );
  await shard.query(
    `INSERT INTO orphaned SELECT ${goneRecipient}, 1, post, 1, author, post
     FROM unnest($1::bigint[], $2::bigint[]) AS posts (post, author) LIMIT ${each}`,
    [posts.map(({ id }) => id), posts.map(({ author }) => author)],
  );
  await shard.query(
    `INSERT INTO orphaned SELECT recipient_id, 3, entry_id, 2, $1, ${any(goneUsers)} FROM ${some}`,
    [recipients[0]],
  );
  await shard.query(`INSERT INTO orphaned SELECT * FROM orphaned ORDER BY random() LIMIT ${each}`);
}
