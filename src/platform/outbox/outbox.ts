import { Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import type { Queryable } from '../database/database.js';
import { PrimaryDatabase, type Transaction } from '../database/primary.js';
import { sqlFile } from '../database/sql.js';
import { errorText } from '../error-text.js';
import type { Id } from '../ids/ids.js';
import type { JobType } from '../queues/job.js';

const insertOutbox = sqlFile<{ id: Id }>(import.meta.url, './insert-outbox.sql');
const pendingOutbox = sqlFile<{ payload: unknown; last: string }>(import.meta.url, './pending-outbox.sql');
const outboxMark = sqlFile<[string, string]>(import.meta.url, './outbox-mark.sql');
const parkOutbox = sqlFile(import.meta.url, './park-outbox.sql');
const releaseOutbox = sqlFile<{ id: Id }>(import.meta.url, './release-outbox.sql');
const waitingOutbox = sqlFile<{ shard: number }>(import.meta.url, './waiting-outbox.sql');
const deleteOutbox = sqlFile(import.meta.url, './delete-outbox.sql');
const outboxBacklog = sqlFile<OutboxBacklog>(import.meta.url, './outbox-backlog.sql');

/** Rows of one topic that are not done. */
export interface OutboxBacklog {
  topic: string;
  /** Counted up to 100,000 over all topics. */
  rows: number;
  /** Seconds since the oldest was recorded. */
  age: number;
}

/** How long the relay leaves alone what a process means to do right after its commit. */
const INLINE_GRACE_MS = 1_000;

/**
 * Intents that must not be lost: a row is written in the transaction of the change that it follows from, and stays
 * until the job that it stands for is done (the transactional outbox, microservices.io/patterns/data).
 */
@Injectable()
export class Outbox {
  private readonly logger = new Logger('Outbox');
  private wake: () => void = () => undefined;

  constructor(private readonly primary: PrimaryDatabase) {}

  /**
   * Records a job in the caller's transaction. Once that commits, the relay of this process is woken.
   * @param delayMs leaves the row alone for so long, for a caller that means to do the work itself right after the commit
   * @returns the row's id, to be given to `done`
   */
  async record<Payload>(
    transaction: Transaction,
    type: JobType<Payload>,
    payload: Payload,
    delayMs = 0,
  ): Promise<Id> {
    const [row] = await transaction.query(insertOutbox, [type.name, JSON.stringify(payload), delayMs]);
    if (delayMs === 0) transaction.afterCommit(() => this.wake());
    return row!.id;
  }

  /**
   * As `record`, for work that this process does itself right after the commit, before the transaction resolves. What
   * fails then, or is cut off by a crash, the job does a second later.
   */
  async recordAndDo<Payload>(
    transaction: Transaction,
    type: JobType<Payload>,
    payload: Payload,
    work: () => Promise<void>,
  ): Promise<void> {
    const id = await this.record(transaction, type, payload, INLINE_GRACE_MS);
    transaction.afterCommit(async () => {
      try {
        await work();
        await this.done([id]);
      } catch (error) {
        this.logger.warn(`${type.name} is left to its job: ${errorText(error)}`);
      }
    });
  }

  /** As `record`, in the transaction that is open on a connection of its own. Nobody is woken. */
  async recordOn<Payload>(
    client: pg.Client,
    type: JobType<Payload>,
    payload: Payload,
    delayMs = 0,
  ): Promise<Id> {
    const parameters = [type.name, JSON.stringify(payload), delayMs];
    return (await client.query<{ id: Id }>(insertOutbox.text, parameters)).rows[0]!.id;
  }

  /** Strikes rows whose work is done. Striking one twice is nothing. */
  async done(ids: readonly Id[]): Promise<void> {
    await this.primary.query(deleteOutbox, [ids]);
  }

  /** Leaves rows alone for so long, in milliseconds, or until `release` is called for the shard that they wait for, if any. */
  async park(
    ids: readonly Id[],
    shard: number | null,
    forMs: number,
    on: Queryable = this.primary,
  ): Promise<void> {
    await on.query(parkOutbox, [ids, shard, forMs]);
  }

  /** Those of the first `count` shards that rows wait for. */
  async waitedFor(count: number): Promise<number[]> {
    return (await this.primary.query(waitingOutbox, [count])).map((row) => row.shard);
  }

  /** Lets rows go that wait for a shard, at most `limit`. */
  async release(shard: number, limit: number): Promise<void> {
    const rows = await this.primary.query(releaseOutbox, [shard, limit]);
    if (rows.length > 0) this.wake();
  }

  /** What is not done, by topic; topics without rows are left out. */
  backlog(topics: readonly string[]): Promise<OutboxBacklog[]> {
    return this.primary.query(outboxBacklog, [topics]);
  }

  /**
   * For each kind a text that changes whenever its newest `limit` rows do; all as of the same moment.
   * @param sequence one that handlers draw from before their row is struck
   * @returns the texts, and the sequence's last value: whoever drew from it, and whose row is not among these any more, drew
   *   that or an earlier one
   */
  async marks(
    types: readonly JobType<unknown>[],
    limit: number,
    sequence: string,
  ): Promise<{ marks: string[]; drawn: bigint }> {
    const topics = types.map(({ name }) => name);
    const rows = await this.primary.sharedTuples(outboxMark, [topics, limit, sequence]);
    return { marks: rows.map(([mark]) => mark), drawn: BigInt(rows[0]![1]) };
  }

  /**
   * Payloads of the rows of one kind that are not done, newest first, at most `limit`.
   * @param sequence as for `marks`
   */
  async pending<Payload>(
    type: JobType<Payload>,
    limit: number,
    sequence?: string,
  ): Promise<{ payloads: Payload[]; drawn: bigint }> {
    const rows = await this.primary.query(pendingOutbox, [type.name, limit, sequence]);
    const payloads = rows.flatMap(({ payload }) => (payload === null ? [] : [payload as Payload]));
    return { payloads, drawn: BigInt(rows[0]!.last) };
  }

  /** Tells the outbox whom to wake after a commit; the relay calls it once. */
  onCommit(wake: () => void): void {
    this.wake = wake;
  }
}
