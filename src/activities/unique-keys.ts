import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import pg from 'pg';
import { ShardRouter } from '../platform/database/shards.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { useGateKey } from './fence.js';
import { type Leaf, leavesOf, onLeaf } from './leaf-statements.js';
import { type Track, TRACKS } from './removal-tracks.js';

interface Index {
  name: string;
  unique: boolean;
  primary: boolean;
  valid: boolean;
  predicate: string | null;
  columns: string[];
  /** Whether somebody is building it at this moment. */
  building: boolean;
}

const listIndexes = sqlFile<Index>(import.meta.url, './sql/list-indexes.sql');

const TABLE = 'activities';
const PRIMARY_KEY = ['recipient_id', 'stream', 'entry_id', 'kind', 'actor_id', 'subject_id'];
const NOTIFICATION_KEY = ['recipient_id', 'kind', 'subject_id', 'actor_id'];
const NOTIFICATIONS = '(stream = 3)';

/** How long a lock may be waited for, in milliseconds: whoever comes after has to wait as long. */
const LOCK_MS = 10_000;
const PROMOTE_LOCK_MS = 1_000;
const PROMOTE_ATTEMPTS = 20;
const LOCK_NOT_AVAILABLE = '55P03';

/** Duplicates that were removed when nobody else could write any more. */
export interface Sealed {
  duplicates: number;
}

/**
 * The unique indexes of the activities: whether a shard has them, and how it gets them back. Until it does, a repair
 * finds its way by plain indexes in their place.
 */
@Injectable()
export class UniqueKeys {
  private readonly logger = new Logger('UniqueKeys');

  constructor(private readonly shards: ShardRouter) {}

  /** Whether the primary key and the unique index of the notifications are there, on every partition, and valid. */
  async complete(shard: number): Promise<boolean> {
    const indexes = await this.shards.shards[shard]!.query(listIndexes, [TABLE]);
    return isKey(indexes, 'feeds') && isKey(indexes, 'notifications');
  }

  /**
   * Builds the plain indexes that a walk needs, while writers go on. May be repeated; what a dead one left behind is
   * built anew.
   * @throws Error when somebody else is building one of them at this moment
   */
  async prepareWalk(shard: number): Promise<void> {
    await this.maintain(shard, async (client) => {
      for (const leaf of await leaves(client)) {
        const there = await indexes(client, leaf.name);
        for (const track of TRACKS) {
          if (!isKey(there, track.name)) await buildWalkIndex(client, leaf.name, track, there);
        }
        await client.query(`ANALYZE ${pg.escapeIdentifier(leaf.name)}`);
      }
    });
  }

  /** Makes room for what the walk has removed, so that the last look for duplicates is an index-only one. */
  async vacuum(shard: number): Promise<void> {
    await this.maintain(shard, async (client) => {
      for (const { name } of await leaves(client)) await client.query(`VACUUM ${pg.escapeIdentifier(name)}`);
    });
  }

  /**
   * Removes what duplicates there still are and builds the unique indexes, in one transaction that keeps every writer out
   * and lets readers in; then makes the primary key of one of them, which takes a moment without readers.
   * @param gateKey lets this transaction through the shard's closed fence
   * @throws pg.DatabaseError 55P03 when a writer or a reader did not make way in time
   */
  async seal(shard: number, repairId: Id, gateKey: string): Promise<Sealed> {
    return this.maintain(shard, async (client) => {
      const duplicates = await this.buildUnique(client, repairId, gateKey);
      await this.promote(client);
      return { duplicates };
    });
  }

  /** Drops the plain indexes of a walk, while writers go on. */
  async dropWalk(shard: number): Promise<void> {
    await this.maintain(shard, async (client) => {
      for (const { name } of await leaves(client)) {
        for (const track of TRACKS)
          await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${walkIndex(name, track)}`);
      }
    });
  }

  private async buildUnique(client: pg.Client, repairId: Id, gateKey: string): Promise<number> {
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
      await useGateKey(client, gateKey);
      // Lets readers in and nobody who writes; with partitions it takes in all of them.
      await client.query(`LOCK TABLE ${TABLE} IN SHARE ROW EXCLUSIVE MODE`);
      let duplicates = 0;
      for (const { name } of await leaves(client)) {
        for (const { removeLast } of TRACKS)
          duplicates += (await client.query(onLeaf(removeLast, name).text, [repairId])).rowCount ?? 0;
        if (!isKey(await indexes(client, name), 'feeds')) {
          await client.query(
            `CREATE UNIQUE INDEX IF NOT EXISTS ${keyIndex(name)} ON ${pg.escapeIdentifier(name)} (${PRIMARY_KEY.join(', ')})`,
          );
        }
      }
      await buildNotificationKey(client);
      await client.query('COMMIT');
      return duplicates;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** From here on duplicates are impossible; what is left is to say so by the name of primary key. */
  private async promote(client: pg.Client): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await promoteOnce(client);
        return;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE || attempt === PROMOTE_ATTEMPTS)
          throw error;
        this.logger.log('a reader is in the way of the primary key; another attempt follows');
        await delay(PROMOTE_LOCK_MS);
      }
    }
  }

  private async maintain<Result>(
    shard: number,
    work: (client: pg.Client) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.shards.shards[shard]!.dedicatedClient();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

async function promoteOnce(client: pg.Client): Promise<void> {
  await client.query('BEGIN');
  await client.query(`SET LOCAL lock_timeout = ${PROMOTE_LOCK_MS}`);
  for (const { name } of await leaves(client)) {
    const there = await indexes(client, name);
    if (there.some((index) => index.primary)) continue;
    await client.query(
      `ALTER TABLE ${pg.escapeIdentifier(name)} ADD PRIMARY KEY USING INDEX ${keyIndex(name)}`,
    );
  }
  // A partitioned table takes over the primary keys that its partitions have.
  if (!(await indexes(client, TABLE)).some((index) => index.primary))
    await client.query(`ALTER TABLE ${TABLE} ADD PRIMARY KEY (${PRIMARY_KEY.join(', ')})`);
  await client.query('COMMIT');
}

async function buildNotificationKey(client: pg.Client): Promise<void> {
  const there = await indexes(client, TABLE);
  if (isKey(there, 'notifications')) return;
  const name = `${TABLE}_notification`;
  if (there.some((index) => index.name === name)) await client.query(`DROP INDEX ${name}`);
  await client.query(
    `CREATE UNIQUE INDEX ${name} ON ${TABLE} (${NOTIFICATION_KEY.join(', ')}) WHERE ${NOTIFICATIONS}`,
  );
}

async function buildWalkIndex(client: pg.Client, leaf: string, track: Track, there: Index[]): Promise<void> {
  const name = walkIndex(leaf, track);
  const found = there.find((index) => pg.escapeIdentifier(index.name) === name);
  if (found?.valid) return;
  if (found?.building) throw new Error(`${found.name} is being built by another process.`);
  if (found) await client.query(`DROP INDEX CONCURRENTLY ${name}`);
  await client.query(
    `CREATE INDEX CONCURRENTLY ${name} ON ${pg.escapeIdentifier(leaf)} (${track.order.join(', ')}) WHERE ${track.predicate}`,
  );
}

/** Whether there is, among a table's indexes, the one that rejects the duplicates of a track. */
function isKey(there: readonly Index[], track: Track['name']): boolean {
  const [columns, predicate] =
    track === 'feeds' ? ([PRIMARY_KEY, null] as const) : ([NOTIFICATION_KEY, NOTIFICATIONS] as const);
  return there.some(
    (index) =>
      index.unique &&
      index.valid &&
      (track === 'notifications' || index.primary) &&
      index.predicate === predicate &&
      index.columns.join() === columns.join(),
  );
}

const walkIndex = (leaf: string, track: Track): string => pg.escapeIdentifier(`${leaf}_walk_${track.name}`);
const keyIndex = (leaf: string): string => pg.escapeIdentifier(`${leaf}_pkey`);

const leaves = async (client: pg.Client): Promise<Leaf[]> =>
  leavesOf({ query: async <Row>({ text }: { text: string }) => (await client.query(text)).rows as Row[] });

const indexes = async (client: pg.Client, table: string): Promise<Index[]> =>
  (await client.query<Index>(listIndexes.text, [table])).rows;
