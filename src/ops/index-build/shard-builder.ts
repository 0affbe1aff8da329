import pg from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../platform/database/database.js';
import { errorText } from '../../platform/error-text.js';
import type { IndexSpec } from './index-spec.js';
import { compare } from './preflight.js';
import { createIndex, ShardIndexes, type TableFacts } from './shard-indexes.js';

const WORK_MEMORY = '256MB';
const MOST_WORKERS = 2;
/** How long to wait for the table. Readers pass meanwhile, but whoever writes waits behind us. */
const LOCK_TIMEOUT_MS = 60_000;
/** Dropping locks readers out: it waits shortly, and tries again. */
const DROP_LOCK_TIMEOUT_MS = 2_000;
const DROP_ATTEMPTS = 15;
const CANCEL_EVERY_MS = 250;
/** What Postgres keeps of a name; ours and those of our partitions are ASCII. */
const MOST_BYTES = 63;
const LOCK_NOT_AVAILABLE = '55P03';

const quote = pg.escapeIdentifier;

/** Builds and drops an index on one shard, on a connection of its own that ends with it. */
export class ShardBuilder {
  private constructor(
    private readonly client: pg.Client,
    private readonly indexes: ShardIndexes,
    private readonly table: TableFacts,
    private readonly cancel: () => Promise<unknown>,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Runs `work`, which is told the process id of its session, and ends the connection.
   * @param signal cancels the building, but never the clearing away after it
   */
  static async run<Result>(
    shard: Database,
    tableName: string,
    signal: AbortSignal,
    work: (builder: ShardBuilder, session: number) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const client = await shard.dedicatedClient();
    const session = (client as unknown as { processID: number }).processID;
    try {
      // A session whose process was killed would build on, and hold its lock, until it has something to say.
      await client.query(`SET client_connection_check_interval = '500ms'`);
      const indexes = new ShardIndexes(client, tableName);
      const cancel = () => shard.query(cancelSession, [session]);
      return await work(new ShardBuilder(client, indexes, await indexes.table(), cancel, signal), session);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /**
   * Builds the index unless it is there already; an invalid leftover of it is dropped first. Where it fails, nothing of
   * it is left.
   * @returns whether it was there already
   * @throws Problem `index-conflict` when something else has its name
   */
  async build(spec: IndexSpec, concurrently: boolean): Promise<'built' | 'present'> {
    const found = await this.indexes.find(spec.name);
    if (found) {
      const shape = await this.indexes.shapeOf(spec, this.table);
      if (compare(spec, found, shape) === 'present') return 'present';
      await this.removeLeftovers(spec);
    }
    if (concurrently) await this.buildConcurrently(spec);
    else await this.buildPlainly(spec);
    return 'built';
  }

  /** Drops the index if it is not whole: what a process left that was killed. */
  async clear(spec: IndexSpec): Promise<void> {
    const found = await this.indexes.find(spec.name);
    if (found && !found.complete) await this.removeLeftovers(spec);
  }

  /** @returns whether there was such an index */
  async drop(name: string, concurrently: boolean): Promise<boolean> {
    const found = await this.indexes.find(name);
    if (!found) return false;
    if (concurrently && this.table.partitionedBy === null) {
      await this.client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await this.client.query(`DROP INDEX CONCURRENTLY ${quote(name)}`);
    } else await this.dropPatiently(name);
    return true;
  }

  /** In one transaction: what fails, is cancelled or loses its process leaves nothing behind. */
  private async buildPlainly(spec: IndexSpec): Promise<void> {
    await this.client.query('BEGIN');
    try {
      await this.prepareToBuild();
      await this.execute(createIndex(spec, { on: quote(this.table.name) }));
      await this.verify(spec);
      this.signal.throwIfAborted();
      await this.client.query('COMMIT');
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /**
   * Without keeping writers out. Postgres does not do this for a partitioned table as a whole, so each partition is
   * built by itself and attached to an index of the whole table, which becomes valid with the last one.
   */
  private async buildConcurrently(spec: IndexSpec): Promise<void> {
    try {
      await this.prepareToBuild();
      if (this.table.partitionedBy === null) {
        await this.execute(createIndex(spec, { on: quote(this.table.name), concurrently: true }));
      } else {
        await this.execute(createIndex(spec, { on: `ONLY ${quote(this.table.name)}` }));
        for (const leaf of this.table.leaves) {
          const name = this.partName(spec, leaf);
          await this.execute(createIndex(spec, { on: quote(leaf), name, concurrently: true }));
          await this.execute(`ALTER INDEX ${quote(spec.name)} ATTACH PARTITION ${quote(name)}`);
        }
      }
      await this.verify(spec);
    } catch (error) {
      await this.removeLeftovers(spec).catch((another: unknown) => {
        throw new AggregateError(
          [error, another],
          `${errorText(error)}; and what it left could not be dropped`,
        );
      });
      throw error;
    }
  }

  private async prepareToBuild(): Promise<void> {
    await this.client.query(`SET statement_timeout = 0`);
    await this.client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await this.client.query(`SET maintenance_work_mem = '${WORK_MEMORY}'`);
    await this.client.query(`SET max_parallel_maintenance_workers = ${MOST_WORKERS}`);
  }

  /** Runs one step of the building; when the signal comes, it is cancelled. */
  private async execute(statement: string): Promise<void> {
    this.signal.throwIfAborted();
    let cancelling: NodeJS.Timeout | undefined;
    const underWay = new Set<Promise<unknown>>();
    const cancel = () => {
      const one = this.cancel()
        .catch(() => undefined)
        .finally(() => underWay.delete(one));
      underWay.add(one);
    };
    // A cancellation that meets a session between two statements is lost; hence again and again.
    const onAbort = () => {
      cancel();
      cancelling = setInterval(cancel, CANCEL_EVERY_MS);
    };
    this.signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.client.query(statement);
    } finally {
      this.signal.removeEventListener('abort', onAbort);
      clearInterval(cancelling);
      // One that is late must not hit what is run next: the clearing away.
      await Promise.all(underWay);
    }
  }

  private async verify(spec: IndexSpec): Promise<void> {
    const built = await this.indexes.find(spec.name);
    if (!built?.complete) throw new Error(`Postgres reports the index ${spec.name} as not valid.`);
  }

  /** Drops what an attempt has left: the index, and the parts of partitions that were not attached yet. */
  private async removeLeftovers(spec: IndexSpec): Promise<void> {
    const parts = this.table.leaves.map((leaf) => this.partName(spec, leaf));
    for (const name of [spec.name, ...parts]) {
      const found = await this.indexes.find(name);
      if (found?.ours && !found.attached && !found.constrains) await this.dropPatiently(name);
    }
  }

  /** How the part on one partition is called: activities_b07 has by_actor_b07. */
  private partName({ name }: IndexSpec, leaf: string): string {
    const prefix = this.table.name;
    return `${name}${leaf.startsWith(prefix) ? leaf.slice(prefix.length) : `_${leaf}`}`.slice(0, MOST_BYTES);
  }

  /** Waits for the table for a moment at a time, so that those who read it do not queue up behind this. */
  private async dropPatiently(name: string): Promise<void> {
    await this.client.query(`SET lock_timeout = ${DROP_LOCK_TIMEOUT_MS}`);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.client.query(`DROP INDEX ${quote(name)}`);
        return;
      } catch (error) {
        const again = (error as { code?: string }).code === LOCK_NOT_AVAILABLE && attempt < DROP_ATTEMPTS;
        if (!again) throw error;
        await delay(CANCEL_EVERY_MS);
      }
    }
  }
}

const cancelSession = {
  name: 'cancel_build',
  text: `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND datname = current_database() AND application_name = 'sluice-maintenance'`,
};
