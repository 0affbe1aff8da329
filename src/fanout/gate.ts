import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { Problem } from '../platform/http/problem.js';
import { oldestWaitingSeconds } from '../platform/metrics/gauges.js';
import { Queues } from '../platform/queues/queues.js';

interface GateRow {
  closed: boolean;
  reason: string | null;
  closed_by: string | null;
  closed_at: Date | null;
  reopens_at: Date | null;
  /** Whether the time has come to reopen. */
  due: boolean;
}

/** The gate as its operators see it. */
export interface GateStatus {
  state: 'open' | 'closing' | 'closed';
  reason: string | null;
  closedBy: string | null;
  closedAt: string | null;
  reopensAt: string | null;
  /** Jobs that wait in the queue. */
  waiting: number;
  /** Jobs that are running. */
  active: number;
  oldestWaitingSeconds: number;
}

export interface CloseOptions {
  reason: string;
  by: string;
  /** Seconds until the gate reopens by itself; undefined leaves it closed until somebody opens it. */
  reopenAfterSeconds?: number;
  /** How long to wait for running jobs, in milliseconds, before giving up and reopening. */
  timeoutMs?: number;
}

const lockGate = sqlFile<GateRow>(import.meta.url, './sql/lock-gate.sql');
const readGate = sqlFile<GateRow>(import.meta.url, './sql/read-gate.sql');
const closeGate = sqlFile<{ closed_at: Date }>(import.meta.url, './sql/close-gate.sql');
const openGate = sqlFile(import.meta.url, './sql/open-gate.sql');
const POLL_MS = 20;

/**
 * The chokepoint's valve. Postgres holds what it should be; the queue's pause makes it so. Whoever changes or checks
 * the one against the other holds the row's lock, so that a check never undoes a change under way.
 */
@Injectable()
export class Gate {
  private readonly logger = new Logger('Gate');

  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly queues: Queues,
  ) {}

  /**
   * Closes the gate: no waiting job starts any more, in any worker. Answers once no job is running.
   * @throws Problem `gate-timeout` when jobs were still running after `timeoutMs`; the gate is open again then
   */
  async close({ reason, by, reopenAfterSeconds, timeoutMs = 30_000 }: CloseOptions): Promise<GateStatus> {
    const closedAt = await this.primary.transaction(async (transaction) => {
      await transaction.query(lockGate);
      const [row] = await transaction.query(closeGate, [reason, by, reopenAfterSeconds ?? null]);
      await this.queue().pause();
      return row!.closed_at;
    });
    this.logger.log(`closed by ${by}: ${reason}`);
    const deadline = Date.now() + timeoutMs;
    while ((await this.queue().getActiveCount()) > 0) {
      if (Date.now() > deadline) {
        await this.open(by, closedAt);
        throw new Problem('gate-timeout');
      }
      await delay(POLL_MS);
    }
    return this.status();
  }

  /**
   * Opens the gate; an open one stays open.
   * @param closedAt opens it only if it was closed at that moment, and not again since by somebody else
   */
  async open(by: string, closedAt?: Date): Promise<GateStatus> {
    await this.primary.transaction(async (transaction) => {
      const [row] = await transaction.query(lockGate);
      if (closedAt && row!.closed_at?.getTime() !== closedAt.getTime()) return;
      await transaction.query(openGate);
      await this.queue().resume();
    });
    this.logger.log(`opened by ${by}`);
    return this.status();
  }

  async isClosed(): Promise<boolean> {
    return (await this.primary.query(readGate))[0]!.closed;
  }

  async status(): Promise<GateStatus> {
    const queue = this.queue();
    const [[row], counts, oldest] = await Promise.all([
      this.primary.query(readGate),
      queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
      oldestWaitingSeconds(queue),
    ]);
    const active = counts.active ?? 0;
    return {
      state: !row!.closed ? 'open' : active > 0 ? 'closing' : 'closed',
      reason: row!.reason,
      closedBy: row!.closed_by,
      closedAt: row!.closed_at?.toISOString() ?? null,
      reopensAt: row!.reopens_at?.toISOString() ?? null,
      waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0) + (counts.delayed ?? 0),
      active,
      oldestWaitingSeconds: oldest,
    };
  }

  /** Opens a gate whose time has come, and mends a pause that was lost (a wiped Redis) or left behind. */
  async reconcile(): Promise<void> {
    const [seen] = await this.primary.query(readGate);
    if (!seen!.due && seen!.closed === (await this.queue().isPaused())) return;
    await this.primary.transaction(async (transaction) => {
      const [row] = await transaction.query(lockGate);
      const closed = row!.closed && !row!.due;
      if (row!.closed && !closed) await transaction.query(openGate);
      if (closed === (await this.queue().isPaused())) return;
      if (closed) await this.queue().pause();
      else await this.queue().resume();
      this.logger.log(closed ? 'closed again: the queue had lost its pause' : 'reopened');
    });
  }

  private queue() {
    return this.queues.get('activities');
  }
}
