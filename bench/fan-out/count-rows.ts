import type { Database } from '../../src/platform/database/database.js';
import type { Id } from '../../src/platform/ids/ids.js';

const statement = {
  name: 'bench_count_rows',
  text: 'SELECT count(*)::int AS rows FROM activities WHERE entry_id = ANY ($1::bigint[])',
};

/** How many rows of these posts lie on a shard; a scan of the whole table, on a connection that may take its time. */
export async function countRows(shard: Database, posts: readonly Id[]): Promise<number> {
  const client = await shard.dedicatedClient();
  try {
    return (await client.query<{ rows: number }>(statement.text, [posts])).rows[0]!.rows;
  } finally {
    await client.end();
  }
}
