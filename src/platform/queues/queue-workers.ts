import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { Outbox } from '../outbox/outbox.js';
import { close, connect } from '../redis/redis.js';
import { JobHandlers } from './job-handlers.js';
import { Postponed } from './postponed.js';
import { type JobEnvelope, Queues } from './queues.js';

/**
 * How long a killed worker's job is left alone, in milliseconds. A live worker renews its claim every half of it; one that
 * was merely held up for longer has its job done twice, which does no harm.
 */
const CLAIM_MS = 10_000;

/** How long running jobs are waited for at a stop, in milliseconds; what is cut off is done again elsewhere. */
const CLOSE_WITHIN_MS = 5_000;

/** Runs the handlers, one BullMQ worker per queue, and strikes a finished job's row from the outbox. */
@Injectable()
export class QueueWorkers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Worker');
  private readonly workers: Worker[] = [];
  private connection: Redis | undefined;

  constructor(
    private readonly config: Config,
    private readonly handlers: JobHandlers,
    private readonly outbox: Outbox,
    private readonly queues: Queues,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.handlers.collect();
    this.connection = connect(this.config.redis.queueUrl, 'worker', { maxRetriesPerRequest: null });
    for (const name of this.handlers.queues()) {
      const worker = new Worker<JobEnvelope>(name, (job) => this.run(job), {
        connection: this.connection,
        prefix: this.queues.prefix,
        concurrency: this.config.fanout.concurrency,
        lockDuration: CLAIM_MS,
        stalledInterval: CLAIM_MS / 2,
        maxStalledCount: 20,
      });
      worker.on('error', (error) => this.logger.debug(`${name}: ${error.message}`));
      worker.on('failed', (job, error) => this.reportFailure(job, error));
      this.workers.push(worker);
    }
  }

  /** Takes no new job and waits for the running ones. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.workers.map(closeInTime));
    if (this.connection) await close(this.connection);
  }

  private async run(job: Job<JobEnvelope>): Promise<void> {
    const handler = this.handlers.get(job.name);
    if (!handler) throw new Error(`No handler for the job ${job.name}: it was made by another version.`);
    const stop = this.metrics.jobSeconds.startTimer({ job: job.name });
    const { outboxId, payload } = job.data;
    try {
      const result = await handler.handle(payload, { outboxId });
      if (outboxId && result === 'done') await this.outbox.done([outboxId]);
      stop({ outcome: 'done' });
    } catch (error) {
      stop({ outcome: error instanceof Postponed ? 'postponed' : 'failed' });
      if (!(error instanceof Postponed)) throw error;
      const parked = error.outboxId ?? outboxId;
      if (parked) await this.outbox.park([parked], error.shard);
    }
  }

  private reportFailure(job: Job | undefined, error: Error): void {
    const left = (job?.opts.attempts ?? 1) - (job?.attemptsMade ?? 0);
    const line = `job ${job?.name} ${job?.id} failed: ${error.message}`;
    if (left > 0) this.logger.warn(`${line}; ${left} attempts left`);
    else this.logger.error(`${line}; set aside, to be taken up again from the outbox`, error.stack);
  }
}

/** A worker whose Redis is away would wait for it: past the deadline it is closed by force. */
async function closeInTime(worker: Worker): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>(
    (resolve) => (timer = setTimeout(() => resolve('late'), CLOSE_WITHIN_MS)),
  );
  const outcome = await Promise.race([worker.close(), deadline]).finally(() => clearTimeout(timer));
  if (outcome === 'late') void worker.close(true).catch(() => undefined);
}
