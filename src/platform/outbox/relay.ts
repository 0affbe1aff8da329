import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Config } from '../config/config.js';
import { PrimaryDatabase } from '../database/primary.js';
import { sqlFile } from '../database/sql.js';
import { errorText } from '../error-text.js';
import type { Id } from '../ids/ids.js';
import { QUEUE_NAMES, type QueueName, topicsOf } from '../queues/job.js';
import { type NewJob, Queues } from '../queues/queues.js';
import { Outbox } from './outbox.js';

interface OutboxRow {
  id: Id;
  topic: string;
  payload: unknown;
  attempts: number;
}

const claimOutbox = sqlFile<OutboxRow>(import.meta.url, './claim-outbox.sql');
const returnOutbox = sqlFile(import.meta.url, './return-outbox.sql');
const BATCH = 500;

/**
 * Moves due rows from the outbox to their queues. It runs in every process: woken right after each commit, which makes
 * the delay a matter of milliseconds, and on a slow sweep for what a crash left behind. A claimed row is leased, not
 * removed: what is not done when the lease ends is dispatched again, under the same job id, which BullMQ takes once. The
 * chokepoint's queue is filled up to a depth alone; what would not fit stays in Postgres until there is room.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly queues: Queues,
    outbox: Outbox,
  ) {
    outbox.onCommit(() => this.wake());
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), this.config.outbox.sweepMs);
  }

  /** Starts a pass, or lets the running one look once more. */
  wake(): void {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = this.passes().finally(() => {
      this.running = undefined;
      if (this.again) this.wake();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async passes(): Promise<void> {
    this.again = false;
    try {
      while ((await this.dispatchDue()) && !this.stopped);
    } catch (error) {
      logger.warn(`dispatch failed, to be tried again: ${errorText(error)}`);
    }
  }

  /** @returns whether there may be more to dispatch right away */
  private async dispatchDue(): Promise<boolean> {
    const { queueDepth } = this.config.outbox;
    const outcomes = await Promise.allSettled([
      this.queues.withRoom('activities', BATCH, queueDepth, (room) => this.dispatch('activities', room)),
      ...UNBOUNDED.map((queue) => this.dispatch(queue, BATCH)),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value === BATCH);
  }

  /** @returns how many rows were claimed */
  private async dispatch(queue: QueueName, limit: number): Promise<number> {
    const parameters = [limit, this.config.outbox.leaseMs, topicsOf(queue)];
    const rows = await this.primary.query(claimOutbox, parameters);
    if (rows.length === 0) return 0;
    const isRepeated = rows.some((row) => row.attempts > 1);
    try {
      await this.queues.enqueue(queue, rows.map(toJob), isRepeated);
    } catch (error) {
      await this.primary.query(returnOutbox, [rows.map((row) => row.id)]);
      throw error;
    }
    return rows.length;
  }
}

const toJob = ({ id, topic, payload }: OutboxRow): NewJob => ({
  id: `outbox-${id}`,
  type: topic,
  data: { outboxId: id, payload },
});

/** The queues whose jobs are few. */
const UNBOUNDED = QUEUE_NAMES.filter((name) => name !== 'activities');

const logger = new Logger('OutboxRelay');
