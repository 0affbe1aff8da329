import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { leafOf } from '../../activities/leaves.js';
import { sqlFile } from '../../platform/database/sql.js';
import type { Id } from '../../platform/ids/ids.js';
import { connectionTo } from './fitness.js';

/** `there`: from the old owner to the new one; `back`: the other way, once the new one has taken over. */
export type Direction = 'there' | 'back';

/** How publication, slot and subscription of a move are called. */
export const replicationName = (move: Id, direction: Direction): string => `sluice_move_${move}_${direction}`;

/** How far a subscription has copied its tables. */
export interface SyncState {
  tables: number;
  ready: number;
  rows: number;
  bytes: number;
  errors: number;
}

const file = <Row>(name: string) => sqlFile<Row>(import.meta.url, `./sql/${name}.sql`);
const readSubscription = file<{ oid: string; enabled: boolean; syncSlots: string }>('read-subscription');
const readSync = file<SyncState>('read-sync');
export const readLag = file<{ bytes: number; active: boolean }>('read-lag');
const listSlots = file<{ name: string; pid: number | null }>('list-slots');
const writeMark = file<{ number: string }>('write-mark');
const readMark = file<{ number: string }>('read-mark');

/** Matches the name of no slot. */
const NONE = '^$';
const OBJECT_IN_USE = '55006';
const UNDEFINED_OBJECT = '42704';
const ATTEMPTS = 100;
const PAUSE_MS = 100;

/**
 * Postgres's logical replication of a move's buckets in one direction: a publication and a slot on the one side, a
 * subscription on the other, all of one name. Each step finds out what is there already, so it may be repeated.
 *
 * A subscription that made its own slot would wait for its own transaction where both databases are of one server, so the
 * slot is made before it. What arrived by replication is not sent on (`origin = none`): nothing goes round in circles.
 */
export class Replication {
  readonly name: string;

  constructor(
    private readonly move: Id,
    private readonly direction: Direction,
    private readonly buckets: readonly number[],
  ) {
    this.name = replicationName(move, direction);
  }

  /** Begins to keep what changes on the publishing side. */
  async publish(publisher: pg.Client): Promise<void> {
    const present = await publisher.query('SELECT FROM pg_publication WHERE pubname = $1', [this.name]);
    if (present.rowCount === 0) {
      const leaves = this.buckets.map((bucket) => leafOf(bucket)).join(', ');
      await publisher.query(`CREATE PUBLICATION ${this.name} FOR TABLE ${leaves},
        TABLE shard_move_marks WHERE (move_id = ${this.move} AND direction = '${this.direction}')
        WITH (publish = 'insert, update, delete')`);
    }
    const slots = await publisher.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [this.name]);
    if (slots.rowCount === 0)
      await publisher.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [this.name]);
  }

  /**
   * Begins to take over what changes, or goes on with it.
   * @param url where the publishing side is
   * @param copy whether what is there already is copied first
   * @param note is told, before anything is copied, what the slots are called that copying makes on the publishing side
   */
  async subscribe(
    subscriber: pg.Client,
    url: string,
    copy: boolean,
    note: (syncSlots: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const connection = pg.escapeLiteral(connectionTo(url));
    if (await this.subscription(subscriber))
      await subscriber.query(`ALTER SUBSCRIPTION ${this.name} CONNECTION ${connection}`);
    else
      await subscriber.query(`CREATE SUBSCRIPTION ${this.name} CONNECTION ${connection} PUBLICATION ${this.name}
        WITH (enabled = false, create_slot = false, slot_name = '${this.name}', copy_data = ${copy}, binary = true,
          streaming = off, origin = none)`);
    const { enabled, syncSlots } = (await this.subscription(subscriber))!;
    await note(syncSlots);
    if (!enabled) await subscriber.query(`ALTER SUBSCRIPTION ${this.name} ENABLE`);
  }

  async sync(subscriber: pg.Client): Promise<SyncState> {
    return (await subscriber.query<SyncState>(readSync.text, [this.name])).rows[0]!;
  }

  /** How many bytes of changes have not been confirmed by the other side. */
  async lagBytes(publisher: pg.Client): Promise<number> {
    return (await publisher.query<{ bytes: number }>(readLag.text, [this.name])).rows[0]?.bytes ?? 0;
  }

  /** Writes a mark. Once {@link hasArrived} says so of it, everything has arrived that was committed before. */
  async mark(publisher: pg.Client): Promise<bigint> {
    const { rows } = await publisher.query<{ number: string }>(writeMark.text, [this.move, this.direction]);
    return BigInt(rows[0]!.number);
  }

  async hasArrived(subscriber: pg.Client, mark: bigint): Promise<boolean> {
    const { rows } = await subscriber.query<{ number: string }>(readMark.text, [this.move, this.direction]);
    return rows[0] !== undefined && BigInt(rows[0].number) >= mark;
  }

  /**
   * Ends the subscribing side, whether the other one can be reached or not.
   * @returns what the slots are called that it may have left on the publishing side
   */
  async unsubscribe(subscriber: pg.Client): Promise<string | undefined> {
    const found = await this.subscription(subscriber);
    if (!found) return undefined;
    await subscriber.query(`ALTER SUBSCRIPTION ${this.name} DISABLE`);
    await subscriber.query(`ALTER SUBSCRIPTION ${this.name} SET (slot_name = NONE)`);
    await subscriber.query(`DROP SUBSCRIPTION ${this.name}`);
    return found.syncSlots;
  }

  /** Ends the publishing side, once nobody subscribes any more: a slot would keep what changes for ever. */
  async unpublish(publisher: pg.Client, syncSlots: string | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const slots = await publisher.query<{ name: string; pid: number | null }>(listSlots.text, [
        this.name,
        syncSlots ?? NONE,
      ]);
      if (slots.rows.length === 0) break;
      if (attempt === ATTEMPTS) throw new Error(`The slot ${slots.rows[0]!.name} is in use for too long.`);
      for (const { name, pid } of slots.rows) {
        if (pid !== null) await publisher.query('SELECT pg_terminate_backend($1)', [pid]);
        await dropSlot(publisher, name);
      }
      await delay(PAUSE_MS);
    }
    await publisher.query(`DROP PUBLICATION IF EXISTS ${this.name}`);
  }

  private async subscription(subscriber: pg.Client) {
    const { rows } = await subscriber.query<{ oid: string; enabled: boolean; syncSlots: string }>(
      readSubscription.text,
      [this.name],
    );
    return rows[0];
  }
}

async function dropSlot(publisher: pg.Client, name: string): Promise<void> {
  try {
    await publisher.query('SELECT pg_drop_replication_slot($1)', [name]);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== OBJECT_IN_USE && code !== UNDEFINED_OBJECT) throw error;
  }
}
