import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Config } from '../platform/config/config.js';
import type { Database } from '../platform/database/database.js';
import { sqlFile } from '../platform/database/sql.js';

/** What the gate says of one shard, as of its last change. */
export interface FenceOrder {
  closed: boolean;
  /** Lets those pass a closed fence whose transaction names it; null when it is open. */
  key: string | null;
  /** Counts the changes of the gate; a fence that has heard of a later one ignores this one. */
  revision: string;
}

const readFence = sqlFile<Omit<FenceOrder, 'key'>>(import.meta.url, './sql/read-fence.sql');
const setFence = sqlFile(import.meta.url, './sql/set-fence.sql');
const drainFence = sqlFile(import.meta.url, './sql/drain-fence.sql');
const endIdleWriters = sqlFile<{ ended: number }>(import.meta.url, './sql/end-idle-writers.sql');
const nameGateKey = sqlFile(import.meta.url, './sql/use-gate-key.sql');

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * The fence before the activities of a shard: every statement that writes there looks at it in its own transaction, and
 * holds a shared lock until that ends (`pass_fence`). It uses locks and settings of a transaction alone, so it works
 * through a proxy that pools transactions.
 */
@Injectable()
export class Fence {
  /** How long one wait for the lock lasts, in milliseconds: within what any statement may take. */
  private readonly sliceMs: number;

  constructor({ database }: Config) {
    this.sliceMs = Math.min(1_000, Math.floor(database.statementTimeoutMs / 2));
  }

  async read(shard: Database): Promise<Omit<FenceOrder, 'key'>> {
    return (await shard.query(readFence))[0]!;
  }

  async set(shard: Database, { closed, key, revision }: FenceOrder): Promise<void> {
    await shard.query(setFence, [closed, key, revision]);
  }

  /**
   * Waits for those who passed before the fence was closed, for a second at most. Once it says true, and for as long as
   * the fence is closed, nobody without the key is writing and nobody will.
   */
  async isQuiet(shard: Database, patienceMs: number): Promise<boolean> {
    try {
      await shard.query(drainFence, [Math.max(1, Math.min(this.sliceMs, Math.floor(patienceMs)))]);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return false;
      throw error;
    }
  }

  /**
   * Ends the writers whose process does not go on with its transaction (it is stopped, or cut off). Postgres takes back
   * what they wrote, and their jobs run again.
   * @param idleMs how long they have kept the shard waiting, in milliseconds
   * @returns how many were ended
   */
  async endIdleWriters(shard: Database, idleMs: number): Promise<number> {
    return (await shard.query(endIdleWriters, [idleMs]))[0]!.ended;
  }
}

/** Lets the transaction that is open on a client pass a fence that was closed with this key. For maintenance alone. */
export async function useGateKey(client: pg.ClientBase, key: string): Promise<void> {
  await client.query(nameGateKey.text, [key]);
}
