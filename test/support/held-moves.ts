import type pg from 'pg';
import { expect, vi } from 'vitest';
import { connectTo } from './sql.js';
import type { TestEnvironment } from './stores.js';

const LOCK = 990;
const PATIENCE = { timeout: 60_000, interval: 20 };

/** Holds moves of buckets at a given moment, in the primary itself. */
export class HeldMoves {
  private constructor(
    private readonly primary: pg.Client,
    private readonly holder: pg.Client,
  ) {}

  static async prepare(environment: TestEnvironment): Promise<HeldMoves> {
    const primary = await connectTo(environment.DATABASE_URL!);
    await primary.query(`
      CREATE TABLE held (state text);
      CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM held WHERE state = NEW.state) THEN PERFORM pg_advisory_xact_lock(${LOCK}); END IF;
        RETURN NEW;
      END $$;
      CREATE FUNCTION hold_flip() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM held WHERE state = 'flip') THEN PERFORM pg_advisory_xact_lock(${LOCK}); END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER hold BEFORE UPDATE OF state ON shard_moves FOR EACH ROW EXECUTE FUNCTION hold();
      CREATE TRIGGER hold BEFORE UPDATE ON shard_buckets FOR EACH ROW EXECUTE FUNCTION hold_flip()`);
    return new HeldMoves(primary, await connectTo(environment.DATABASE_URL!));
  }

  /** From now on a move comes no further than to the moment before it would be in this state, or before the map flips. */
  async hold(state: string): Promise<void> {
    await this.holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await this.primary.query('INSERT INTO held VALUES ($1)', [state]);
  }

  /** Waits until one is held. */
  async reached(): Promise<void> {
    await expect.poll(() => this.count('AND NOT granted'), PATIENCE).toBe(1);
  }

  /** @param goes whether what was held still happens, as when a process dies before it hears of its commit */
  async release(goes: boolean): Promise<void> {
    await this.primary.query('DELETE FROM held');
    if (!goes)
      await this.primary.query(
        'SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = $1 AND NOT granted',
        [LOCK],
      );
    await this.holder.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await vi.waitFor(async () => expect(await this.count()).toBe(0), PATIENCE);
  }

  /** Nobody waits until a dead process counts as dead. */
  async forgetRunner(): Promise<void> {
    await this.primary.query(`UPDATE shard_moves SET heartbeat_at = '-infinity' WHERE runner IS NOT NULL`);
  }

  async end(): Promise<void> {
    await this.primary.end();
    await this.holder.end();
  }

  private async count(more = ''): Promise<number> {
    const text = `SELECT FROM pg_locks WHERE objid = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ${more}`;
    return (await this.primary.query(text, [LOCK])).rowCount!;
  }
}
