import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';

/**
 * Makes an author whom everybody follows as a friend, and as many newcomers as it takes until so many do; straight in
 * Postgres, whereupon the mirror is built anew.
 * @param sampleSize how many of the followers are drawn at random
 */
export async function makeCelebrity(
  services: INestApplicationContext,
  followers: number,
  sampleSize: number,
): Promise<{ author: Id; sample: Id[] }> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    await client.query(
      `INSERT INTO users (username) SELECT 'f' || n FROM generate_series(1, $1 - (SELECT count(*) FROM users)) AS n`,
      [followers],
    );
    const { rows: authors } = await client.query<{ id: Id }>(
      `INSERT INTO users (username) VALUES ('celebrity') RETURNING id`,
    );
    const author = authors[0]!.id;
    await client.query(
      'INSERT INTO relationships (owner_id, subject_id, kind) SELECT id, $1, 1 FROM users WHERE id <> $1 ORDER BY id',
      [author],
    );
    await client.query(
      `INSERT INTO graph_owners (owner_id, version, friends) SELECT id, 1, 1 FROM users WHERE id <> $1 ORDER BY id
       ON CONFLICT (owner_id) DO UPDATE SET version = graph_owners.version + 1, friends = graph_owners.friends + 1`,
      [author],
    );
    await client.query('VACUUM (ANALYZE)');
    await services.get(MirrorRebuild).run();
    const { rows: sample } = await client.query<{ id: Id }>(
      'SELECT owner_id AS id FROM relationships WHERE subject_id = $1 ORDER BY hashint8(owner_id) LIMIT $2',
      [author, sampleSize],
    );
    return { author, sample: sample.map(({ id }) => id) };
  } finally {
    await client.end();
  }
}
