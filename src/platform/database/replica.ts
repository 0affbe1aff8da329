import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { errorText } from '../error-text.js';
import { Database, type DatabaseOptions, type Queryable } from './database.js';
import { hasMoved } from './moved.js';
import { sqlFile, type Statement } from './sql.js';

/** A place in the write-ahead log of a database, in bytes from its beginning, and which database that is. */
export interface LogPosition {
  identity: string;
  position: number;
}

const shardPosition = sqlFile<LogPosition>(import.meta.url, './shard-position.sql');
const replicaState = sqlFile<{ identity: string; position: number | null }>(
  import.meta.url,
  './replica-state.sql',
);

/** One round trip. The read behind it takes its snapshot later than this look, on the same server, whatever pools stand between. */
const BEGIN_AND_LOOK = `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::float8 END AS position`;
const LOOK = {
  text: `SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::float8 END AS position`,
};

/** A read of a page takes far less; a server that does not answer holds nobody up for longer, in milliseconds. */
const STATEMENT_MS = 500;
const LONGEST_PAUSE_MS = 16;

/** How far a shard has come: a replica that is there too shows everything that was committed before. */
export const positionOfShard = async (shard: Queryable): Promise<LogPosition> =>
  (await shard.query(shardPosition))[0]!;

/**
 * A streaming replica of a shard. It is read only for as long as it keeps up, and a read is good only when the replica has
 * come as far as the shard was when the read was asked for; so what it shows is never older than what the shard would
 * have shown.
 */
export class Replica extends Database {
  /** Why it is not read; undefined while it is. */
  reason: string | undefined = 'it has not been looked at yet';
  /** How far behind it was when it was last looked at; undefined when it could not be told. */
  lagBytes: number | undefined;

  constructor(
    options: DatabaseOptions,
    private readonly lagMs: number,
  ) {
    super({
      ...options,
      statementTimeoutMs: Math.min(options.statementTimeoutMs, STATEMENT_MS),
      poolTimeoutMs: Math.min(options.poolTimeoutMs, Math.max(lagMs, 50)),
    });
  }

  /** Looks whether it is one of this shard, and comes as far as it within the bound. */
  async check({ identity, position }: LogPosition): Promise<void> {
    const reason = await this.faultWith(identity, position).catch((error: unknown) => {
      this.lagBytes = undefined;
      return errorText(error) || 'it does not answer';
    });
    if (reason !== this.reason)
      this.logger.log(reason === undefined ? 'is read from now on' : `is not read: ${reason}`);
    this.reason = reason;
  }

  /**
   * Reads, once it has come as far as the shard.
   * @returns undefined when it has not within the bound, or does not answer: the shard is to be asked
   */
  async tuplesAt<Row extends unknown[]>(
    position: number,
    statement: Statement<Row>,
    parameters: readonly unknown[],
  ): Promise<Row[] | undefined> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.lend();
      const arrived = await this.arrives(client, position);
      const rows = arrived
        ? (await client.query({ ...this.prepare(statement, parameters), rowMode: 'array' as const })).rows
        : undefined;
      if (!arrived) this.reason = 'it fell behind';
      this.end(client);
      return rows as Row[] | undefined;
    } catch (error) {
      if (client) this.giveBack(client, true);
      if (!hasMoved(error)) this.reason = errorText(error);
      return undefined;
    }
  }

  /** Begins a transaction in which the next statement sees all that is before this place; false when it takes too long. */
  private async arrives(client: pg.PoolClient, position: number): Promise<boolean> {
    const begun = (await client.query(BEGIN_AND_LOOK)) as unknown as pg.QueryResult<Look>[];
    return this.comesTo(
      position,
      async () => (await client.query<Look>(LOOK)).rows[0]!.position,
      begun.at(-1)!.rows[0]!.position,
    );
  }

  /** Ends the transaction and frees the connection, behind the reader's back. */
  private end(client: pg.PoolClient): void {
    client.query('COMMIT').then(
      () => this.giveBack(client),
      () => this.giveBack(client, true),
    );
  }

  private async faultWith(identity: string, position: number): Promise<string | undefined> {
    const [state] = await this.query(replicaState);
    if (state!.position === null) return 'it is no replica: it takes writes itself';
    if (state!.identity !== identity) return 'it is a replica of another database';
    const look = async () => (await this.query(replicaState))[0]!.position;
    const arrived = await this.comesTo(position, look, state!.position);
    return arrived ? undefined : `it does not catch up within ${this.lagMs} ms`;
  }

  /** Looks again and again, until it has come to a place or the time is up. */
  private async comesTo(
    position: number,
    look: () => Promise<number | null>,
    first: number | null,
  ): Promise<boolean> {
    const deadline = performance.now() + this.lagMs;
    let current = first;
    for (let pauseMs = 1; current !== null; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      this.lagBytes = Math.max(0, position - current);
      if (current >= position) return true;
      if (performance.now() >= deadline) return false;
      await delay(pauseMs);
      current = await look();
    }
    return false;
  }
}

interface Look {
  position: number | null;
}
