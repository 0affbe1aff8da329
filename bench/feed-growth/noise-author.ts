import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';

/** Makes an author whom so many of the users follow as noise: what they post leaves everybody's friends feed as it is. */
export async function makeNoiseAuthor(services: INestApplicationContext, followers: number): Promise<Id> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const { rows } = await client.query<{ id: Id }>(
      `INSERT INTO users (username) VALUES ('noise') RETURNING id`,
    );
    const author = rows[0]!.id;
    const { rows: owners } = await client.query<{ id: Id }>(
      `INSERT INTO relationships (owner_id, subject_id, kind)
       SELECT id, $1, 2 FROM users WHERE id <> $1 ORDER BY hashint8(id) LIMIT $2 RETURNING owner_id AS id`,
      [author, followers],
    );
    if (owners.length !== followers) throw new Error(`There are only ${owners.length} users to follow.`);
    await client.query(
      `INSERT INTO graph_owners (owner_id, version, noise) SELECT owner, 1, 1 FROM unnest($1::bigint[]) AS owner
       ON CONFLICT (owner_id) DO UPDATE SET version = graph_owners.version + 1, noise = graph_owners.noise + 1`,
      [owners.map(({ id }) => id)],
    );
    await client.query('VACUUM (ANALYZE)');
    await services.get(MirrorRebuild).run();
    return author;
  } finally {
    await client.end();
  }
}
