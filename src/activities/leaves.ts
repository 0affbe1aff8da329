import type pg from 'pg';
import { BUCKET_COUNT } from '../platform/database/buckets.js';
import type { Statement } from '../platform/database/sql.js';

/** The partition of the activities that holds a bucket; only its owner has it. */
export const leafOf = (bucket: number): string => `activities_b${String(bucket).padStart(2, '0')}`;

/** A statement about the activities in a form for each bucket, which names its partition and saves Postgres the search. */
export function perLeaf<Row>({ name, text }: Statement<Row>): readonly Statement<Row>[] {
  return Array.from({ length: BUCKET_COUNT }, (_, bucket) => {
    const leaf = leafOf(bucket);
    return { name: `${name}_b${bucket}`, text: text.replaceAll(/\bactivities\b/g, leaf) };
  });
}

/**
 * Makes the partitions of buckets on a shard, unless they are there. Writers go on: a table is made by itself, with the
 * fence if there is one, and attached when it is complete.
 * @param client a connection to the shard, outside a transaction; it keeps a lock against others who make some until it ends
 */
export async function makeLeaves(client: pg.Client, buckets: readonly number[]): Promise<void> {
  await client.query('SELECT pg_advisory_lock(727483, 2)');
  const present = await presentLeaves(client);
  for (const bucket of buckets) {
    const leaf = leafOf(bucket);
    if (present.has(leaf)) continue;
    // Sent together, they are one transaction.
    await client.query(`
      CREATE TABLE ${leaf} (LIKE activities INCLUDING ALL)
        WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);
      ALTER TABLE activities ATTACH PARTITION ${leaf} FOR VALUES WITH (MODULUS ${BUCKET_COUNT}, REMAINDER ${bucket})`);
  }
}

async function presentLeaves(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ leaf: string }>(
    `SELECT relid::regclass::text AS leaf FROM pg_partition_tree('activities') WHERE isleaf`,
  );
  return new Set(rows.map(({ leaf }) => leaf));
}
