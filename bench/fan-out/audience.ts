import type { INestApplicationContext } from '@nestjs/common';
import { STREAMS } from '../../src/activities/activity.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';

/** A follower, and the stream (as it is stored) in which they get the author's posts. */
export interface Follower {
  id: Id;
  stream: number;
}

/** An author and their audience, in the order of its ids. */
export interface Audience {
  author: Id;
  followers: readonly Follower[];
}

/** Makes an author whom the first `size` of an audience follow as friends. */
export async function makeSmallAuthor(
  services: INestApplicationContext,
  { followers }: Audience,
  size: number,
): Promise<Audience> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const { rows } = await client.query<{ id: Id }>(
      `INSERT INTO users (username) VALUES ('small') RETURNING id`,
    );
    const author = rows[0]!.id;
    const ids = followers.slice(0, size).map(({ id }) => id);
    await client.query(
      'INSERT INTO relationships (owner_id, subject_id, kind) SELECT unnest($1::bigint[]), $2, 1',
      [ids, author],
    );
    await client.query(
      'UPDATE graph_owners SET version = version + 1, friends = friends + 1 WHERE owner_id = ANY ($1)',
      [ids],
    );
    await client.query('VACUUM (ANALYZE) relationships');
    return { author, followers: ids.map((id) => ({ id, stream: STREAMS.friends })) };
  } finally {
    await client.end();
  }
}

/** Makes an author with so many followers, three in four of them as friends; straight in Postgres. */
export async function makeAudience(services: INestApplicationContext, size: number): Promise<Audience> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const { rows: authors } = await client.query<{ id: Id }>(
      `INSERT INTO users (username) VALUES ('author') RETURNING id`,
    );
    const author = authors[0]!.id;
    await client.query(`INSERT INTO users (username) SELECT 'f' || n FROM generate_series(1, $1::int) AS n`, [
      size,
    ]);
    await client.query(
      `INSERT INTO relationships (owner_id, subject_id, kind)
       SELECT id, $1, CASE WHEN id % 4 = 0 THEN 2 ELSE 1 END FROM users WHERE id <> $1 ORDER BY id`,
      [author],
    );
    await client.query(
      `INSERT INTO graph_owners (owner_id, version, friends, noise)
       SELECT owner_id, 1, (kind = 1)::int, (kind = 2)::int FROM relationships ORDER BY owner_id`,
    );
    await client.query('VACUUM (ANALYZE)');
    const { rows } = await client.query<{ id: Id; kind: number }>(
      'SELECT owner_id AS id, kind FROM relationships WHERE subject_id = $1 ORDER BY owner_id',
      [author],
    );
    const streamOf = (kind: number) => (kind === 1 ? STREAMS.friends : STREAMS.noise);
    return { author, followers: rows.map(({ id, kind }) => ({ id, stream: streamOf(kind) })) };
  } finally {
    await client.end();
  }
}
