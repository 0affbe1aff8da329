import type pg from 'pg';
import { STREAMS } from '../../src/activities/activity.js';
import { leafOf } from '../../src/activities/leaves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import type { Database } from '../../src/platform/database/database.js';
import { idList, sqlFile } from '../../src/platform/database/sql.js';
import { type Id, MAX_ID } from '../../src/platform/ids/ids.js';

const insertActivities = sqlFile(import.meta.url, '../../src/activities/sql/insert-activities.sql');
const streamPage = sqlFile(import.meta.url, '../../src/activities/sql/stream-page.sql');

const STORAGE = 'WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05)';
const PAGE = 21;

/** The activities table laid out in one way, in a schema of its own, with the product's own statements over one connection. */
export class Layout {
  private constructor(
    /** How many partitions; 0: a plain table. */
    readonly buckets: number,
    private readonly client: pg.Client,
  ) {}

  static async create(shard: Database, buckets: number): Promise<Layout> {
    const client = await shard.dedicatedClient();
    const schema = `bench_${buckets}`;
    await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}, public`);
    const like = '(LIKE public.activities INCLUDING ALL)';
    await client.query(
      buckets === 0
        ? `CREATE TABLE ${schema}.activities ${like} ${STORAGE}`
        : `CREATE TABLE ${schema}.activities ${like} PARTITION BY HASH (recipient_id)`,
    );
    await client.query('SELECT attach_fence($1)', [`${schema}.activities`]);
    for (let bucket = 0; bucket < buckets; bucket++) {
      await client.query(
        `CREATE TABLE ${leafOf(bucket)} PARTITION OF activities FOR VALUES WITH (MODULUS ${buckets}, REMAINDER ${bucket}) ${STORAGE}`,
      );
    }
    return new Layout(buckets, client);
  }

  /** Writes one post for everybody given, as fan-out writes a chunk. */
  async insert(recipients: readonly Id[], entryId: Id): Promise<void> {
    const streams = `{${recipients.map(() => STREAMS.friends).join(',')}}`;
    const values = [idList(recipients), streams, entryId, 1, '7', entryId];
    await this.client.query({ ...insertActivities, values });
  }

  /** Reads the first page of a feed. @returns how many rows it has */
  async read(recipient: Id): Promise<number> {
    const table = this.buckets === 0 ? 'activities' : leafOf(bucketOf(recipient, this.buckets));
    const { rowCount } = await this.client.query({
      name: `${streamPage.name}_${table}`,
      text: streamPage.text.replaceAll(/\bactivities\b/g, table),
      values: [recipient, STREAMS.friends, MAX_ID, '32767', MAX_ID, PAGE],
      rowMode: 'array',
    });
    return rowCount ?? 0;
  }

  /** As the autovacuum of a running installation would have done. */
  async settle(): Promise<void> {
    await this.client.query('VACUUM (ANALYZE) activities');
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
