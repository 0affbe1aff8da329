import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Database } from '../../platform/database/database.js';
import { sqlFile } from '../../platform/database/sql.js';
import { quietly } from './fitness.js';

const takeOverSession = sqlFile<{ ended: number }>(import.meta.url, './sql/take-over-session.sql');

const ATTEMPTS = 50;
const PAUSE_MS = 100;
/** Whoever reads or writes behind a lock that is waited for waits as well. */
export const LOCK_TIMEOUT = '2s';
const STATEMENT_TIMEOUT = '60s';

/**
 * A mover's connection to one shard. Only one mover has one: whoever takes a move over ends the connection of the process
 * before, so that one which was merely stopped can do nothing any more when it wakes up.
 */
export class ShardSession {
  private constructor(
    readonly client: pg.Client,
    readonly shard: Database,
  ) {}

  static async open(shard: Database): Promise<ShardSession> {
    const client = await shard.dedicatedClient();
    try {
      await takeOver(client, shard.name);
      await quietly(client);
      // Whom vacuum keeps waiting for so long, cancels it; only superusers may say for how long.
      await client.query(`SET deadlock_timeout = '50ms'`).catch(() => undefined);
      await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
      await client.query(`SET statement_timeout = '${STATEMENT_TIMEOUT}'`);
      // There is no hurry, and others want the cores.
      await client.query('SET max_parallel_workers_per_gather = 0');
      // A copy is made for the case that a server dies: what a mark says has to be on its way.
      await client.query(`SET synchronous_commit = local`);
      return new ShardSession(client, shard);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

async function takeOver(client: pg.Client, name: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { rows } = await client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(727483, 4) AS locked',
    );
    if (rows[0]!.locked) return;
    await client.query(takeOverSession.text);
    await delay(PAUSE_MS);
  }
  throw new Error(`Another mover does not let go of ${name}.`);
}
