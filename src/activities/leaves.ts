import type pg from 'pg';
import { BUCKET_COUNT } from '../platform/database/buckets.js';
import type { Statement } from '../platform/database/sql.js';

const numbered = (name: string, bucket: number) => `${name}_b${String(bucket).padStart(2, '0')}`;

/** The partition of the activities that holds a bucket: on its owner, and on whoever has or gets a copy of it. */
export const leafOf = (bucket: number): string => numbered('activities', bucket);

/** The view through which a partition is read: on the bucket's owner alone, so that nobody reads a copy by mistake. */
export const viewOf = (bucket: number): string => numbered('readable_activities', bucket);

/**
 * A statement that writes activities of one recipient, in a form for each bucket that names its partition: where the
 * bucket has moved away, it fails instead of finding nothing.
 */
export function perLeaf<Row>({ name, text }: Statement<Row>): readonly Statement<Row>[] {
  return Array.from({ length: BUCKET_COUNT }, (_, bucket) => ({
    name: numbered(name, bucket),
    text: text.replaceAll(/\bactivities\b/g, leafOf(bucket)),
  }));
}

/** A statement that reads activities, in a form for each bucket that saves Postgres the search for the partition. */
export function perBucket<Row>({ name, text }: Statement<Row>): readonly Statement<Row>[] {
  return Array.from({ length: BUCKET_COUNT }, (_, bucket) => ({
    name: `${name}_b${bucket}`,
    text: text.replaceAll(/\bactivities\b/g, viewOf(bucket)),
  }));
}

/**
 * Makes the partitions of buckets that a shard owns, unless they are there, and opens them. Writers to others go on: a
 * table is made by itself, and attached when it is complete.
 * @param client a connection to the shard, outside a transaction; it keeps others from doing the same until it ends
 */
export async function makeLeaves(client: pg.Client, buckets: readonly number[]): Promise<void> {
  await client.query('SELECT pg_advisory_lock(727483, 3)');
  const present = await presentLeaves(client);
  for (const bucket of buckets) {
    if (present.has(leafOf(bucket))) continue;
    await makeLeaf(client, bucket);
    await openLeaf(client, bucket);
    await tidyLeaf(client, bucket);
  }
}

/** The partitions that a shard has, by name. */
export async function presentLeaves(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ leaf: string }>(
    `SELECT relid::regclass::text AS leaf FROM pg_partition_tree('activities') WHERE isleaf`,
  );
  return new Set(rows.map(({ leaf }) => leaf));
}

/** Makes the partition of a bucket: empty, and closed to everybody but logical replication. */
export async function makeLeaf(client: pg.Client, bucket: number): Promise<void> {
  const leaf = leafOf(bucket);
  // Sent together, they are one transaction.
  await client.query(`
    CREATE TABLE ${leaf} (LIKE activities INCLUDING ALL)
      WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);
    ${refuseWrites(bucket)};
    SELECT attach_fence('${leaf}');
    ALTER TABLE activities ATTACH PARTITION ${leaf} FOR VALUES WITH (MODULUS ${BUCKET_COUNT}, REMAINDER ${bucket})`);
}

/**
 * Lets buckets be read and written on a shard, all in one transaction: it is their owner's now. Waits for nobody who reads
 * them, however long; hence the trigger is switched off here, and taken away by {@link tidyLeaf}.
 */
export async function openLeaf(client: pg.Client, ...buckets: readonly number[]): Promise<void> {
  const steps = buckets.map(
    (bucket) => `
    IF to_regclass('${viewOf(bucket)}') IS NULL THEN
      CREATE VIEW ${viewOf(bucket)} AS SELECT * FROM ${leafOf(bucket)};
    END IF;
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = '${leafOf(bucket)}'::regclass AND tgname = 'refuse_moved_bucket') THEN
      ALTER TABLE ${leafOf(bucket)} DISABLE TRIGGER refuse_moved_bucket;
    END IF;`,
  );
  await client.query(`DO $$ BEGIN ${steps.join('')} END $$`);
}

/** Takes away what keeps writers out of buckets that are open. Where somebody reads one just now, it stays, and does nothing. */
export async function tidyLeaf(client: pg.Client, ...buckets: readonly number[]): Promise<void> {
  for (const bucket of buckets) {
    try {
      // Sent together, they are one transaction.
      await client.query(`
        SET LOCAL lock_timeout = '100ms';
        DROP TRIGGER IF EXISTS refuse_moved_bucket ON ${leafOf(bucket)}`);
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    }
  }
}

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Lets nobody write to a bucket on a shard any more, except logical replication; waits for the writes under way. It can
 * still be read. Whoever writes looks into the shard map until it names another owner.
 */
export async function closeLeafToWriters(client: pg.Client, bucket: number): Promise<void> {
  await client.query(refuseWrites(bucket));
}

/** Lets nobody read buckets on a shard any more: whoever does looks into the shard map for their owner. */
export async function closeLeafToReaders(client: pg.Client, ...buckets: readonly number[]): Promise<void> {
  await client.query(`DROP VIEW IF EXISTS ${buckets.map(viewOf).join(', ')}`);
}

const refuseWrites = (bucket: number): string => `
  CREATE OR REPLACE TRIGGER refuse_moved_bucket BEFORE INSERT OR UPDATE OR DELETE ON ${leafOf(bucket)}
  FOR EACH ROW EXECUTE FUNCTION refuse_moved_bucket()`;

/**
 * Drops the partition of a bucket, if it is there: no row is deleted, and no hole left. Writers to other partitions go on,
 * and a run that was cut off is finished by the next one.
 * @param client a connection to the shard, outside a transaction
 */
export async function dropLeaf(client: pg.Client, bucket: number): Promise<void> {
  const leaf = leafOf(bucket);
  await closeLeafToReaders(client, bucket);
  const { rows } = await client.query<{ pending: boolean }>(
    'SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhrelid = to_regclass($1)',
    [leaf],
  );
  if (rows[0]) {
    await client.query(
      `ALTER TABLE activities DETACH PARTITION ${leaf} ${rows[0].pending ? 'FINALIZE' : 'CONCURRENTLY'}`,
    );
  }
  await client.query(`DROP TABLE IF EXISTS ${leaf}`);
}
