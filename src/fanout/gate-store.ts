import { Injectable } from '@nestjs/common';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';

/** A gate that is closed: that of one shard, or (`shard` null) the one before all of them. */
export interface Closing {
  id: Id;
  shard: number | null;
  /** Lets maintenance pass the fences. */
  key: string;
  reason: string;
  closedBy: string;
  closedAt: Date;
  reopensAt: Date | null;
  /** Since when no row is written behind it; null while it is being closed. */
  quietAt: Date | null;
  /** Whether the time has come to reopen. */
  isDue: boolean;
  /** Whether the fences are to be closed; running jobs may finish before. */
  isFenced: boolean;
  /** Whether running jobs have had their time. */
  isFenceDue: boolean;
}

/** Which gates are closed, as of one moment. */
export interface GateState {
  /** Counts the changes; what is older never undoes what is newer. */
  revision: string;
  closings: readonly Closing[];
}

/** How a gate came to be opened: somebody said so, its deadline passed, or closing it took too long. */
export type Opening = 'told' | 'deadline' | 'timeout';

/** One closing, and what became of it. */
export interface PastClosing {
  id: Id;
  shard: number | null;
  reason: string;
  closedBy: string;
  closedAt: string;
  reopensAt: string | null;
  quietAt: string | null;
  openedAt: string | null;
  /** Null for a deadline, which nobody has to be there for. */
  openedBy: string | null;
  opening: Opening | null;
  /** Jobs that waited in the queue when it was opened; null while closed, or when it could not be told. */
  jobsWaiting: number | null;
  /** Intents that waited in the outbox then. */
  intentsWaiting: number | null;
}

interface ClosingRow {
  revision: string;
  id: Id | null;
  shard: number | null;
  key: string;
  reason: string;
  closed_by: string;
  closed_at: Date;
  reopens_at: Date | null;
  quiet_at: Date | null;
  due: boolean;
  fenced: boolean;
  fence_due: boolean;
}

interface HistoryRow extends Omit<ClosingRow, 'revision' | 'id' | 'key' | 'due' | 'fenced' | 'fence_due'> {
  id: Id;
  opened_at: Date | null;
  opened_by: string | null;
  opening: Opening | null;
  jobs_waiting: number | null;
  intents_waiting: number | null;
}

const lockGate = sqlFile<{ revision: string }>(import.meta.url, './sql/lock-gate.sql');
const readGate = sqlFile<ClosingRow>(import.meta.url, './sql/read-gate.sql');
const closeGate = sqlFile<{ id: Id }>(import.meta.url, './sql/close-gate.sql');
const fenceGate = sqlFile(import.meta.url, './sql/fence-gate.sql');
const quietGate = sqlFile<{ quiet_at: Date }>(import.meta.url, './sql/quiet-gate.sql');
const openGate = sqlFile(import.meta.url, './sql/open-gate.sql');
const extendGate = sqlFile(import.meta.url, './sql/extend-gate.sql');
const forgetClosings = sqlFile(import.meta.url, './sql/forget-closings.sql');
const gateHistory = sqlFile<HistoryRow>(import.meta.url, './sql/gate-history.sql');

/** A change of a gate under way, with the lock held: what is read here stays so until it commits. */
export class GateChange {
  constructor(
    private readonly transaction: Transaction,
    readonly state: GateState,
  ) {}

  /** @param finishMs how long running jobs may go on before the fences close, in milliseconds */
  async close(
    shard: number | null,
    reason: string,
    by: string,
    reopenAfterSeconds: number | null,
    finishMs: number,
  ): Promise<Id> {
    const parameters = [shard, reason, by, reopenAfterSeconds, finishMs];
    return (await this.transaction.query(closeGate, parameters))[0]!.id;
  }

  /** From now on the fences are to be closed. */
  async fence(id: Id): Promise<void> {
    await this.transaction.query(fenceGate, [id]);
  }

  async open(
    id: Id,
    by: string | null,
    opening: Opening,
    jobsWaiting: number | null,
    intentsWaiting: number | null,
  ): Promise<void> {
    await this.transaction.query(openGate, [id, by, opening, jobsWaiting, intentsWaiting]);
  }

  async extend(id: Id, seconds: number): Promise<void> {
    await this.transaction.query(extendGate, [id, seconds]);
  }
}

/** What the gates should be, and what they have been: the only place that names their tables. */
@Injectable()
export class GateStore {
  constructor(private readonly primary: PrimaryDatabase) {}

  async read(): Promise<GateState> {
    return stateOf(await this.primary.query(readGate));
  }

  /**
   * Does something while nobody else changes a gate.
   * @param heard the latest revision that a fence is known to have heard of: a primary that was restored from a backup
   * may be behind its shards, and goes on from theirs
   */
  change<Result>(act: (change: GateChange) => Promise<Result>, heard = '0'): Promise<Result> {
    return this.primary.transaction(async (transaction) => {
      await transaction.query(lockGate, [heard]);
      return act(new GateChange(transaction, stateOf(await transaction.query(readGate))));
    });
  }

  /** Notes that no row is written behind a closed gate any more. @returns false when it was opened meanwhile */
  async noteQuiet(id: Id): Promise<boolean> {
    return (await this.primary.query(quietGate, [id])).length > 0;
  }

  /** Forgets closings that have been over for a year. */
  async forgetOld(): Promise<void> {
    await this.primary.query(forgetClosings);
  }

  /** Closings below an id, the latest first. */
  async history(before: Id, limit: number): Promise<PastClosing[]> {
    return (await this.primary.query(gateHistory, [before, limit])).map((row) => ({
      id: row.id,
      shard: row.shard,
      reason: row.reason,
      closedBy: row.closed_by,
      closedAt: row.closed_at.toISOString(),
      reopensAt: row.reopens_at?.toISOString() ?? null,
      quietAt: row.quiet_at?.toISOString() ?? null,
      openedAt: row.opened_at?.toISOString() ?? null,
      openedBy: row.opened_by,
      opening: row.opening,
      jobsWaiting: row.jobs_waiting,
      intentsWaiting: row.intents_waiting,
    }));
  }
}

function stateOf(rows: readonly ClosingRow[]): GateState {
  const closings = rows.flatMap(({ id, ...row }): Closing[] =>
    id === null
      ? []
      : [
          {
            id,
            shard: row.shard,
            key: row.key,
            reason: row.reason,
            closedBy: row.closed_by,
            closedAt: row.closed_at,
            reopensAt: row.reopens_at,
            quietAt: row.quiet_at,
            isDue: row.due,
            isFenced: row.fenced,
            isFenceDue: row.fence_due,
          },
        ],
  );
  return { revision: rows[0]!.revision, closings };
}
