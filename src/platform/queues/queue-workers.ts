import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DelayedError, type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { Outbox } from '../outbox/outbox.js';
import { close, connect } from '../redis/redis.js';
import { JobHandlers } from './job-handlers.js';
import { BULK_PRIORITY, jobTypes, type QueueName } from './job.js';
import { Lanes } from './lanes.js';
import { type JobEnvelope, Queues } from './queues.js';

/**
 * How long a killed worker's job is left alone, in milliseconds. A live worker renews its claim every half of it; one that
 * was merely held up for longer has its job done twice, which does no harm.
 */
const CLAIM_MS = 10_000;

/** How long running jobs are waited for at a stop, in milliseconds; what is cut off is done again elsewhere. */
const CLOSE_WITHIN_MS = 5_000;

/** The queue with bulk jobs, and within which times those come back for which there was no place, in milliseconds. */
const LANED: QueueName = 'activities';
const FIRST_RETURN_MS = 20;
const LAST_RETURN_MS = 1_000;

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
    private readonly lanes: Lanes,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.handlers.collect();
    this.connection = connect(this.config.redis.queueUrl, 'worker', { maxRetriesPerRequest: null });
    for (const name of this.handlers.queues()) {
      const worker = new Worker<JobEnvelope>(name, (job, token) => this.take(name, job, token), {
        connection: this.connection,
        prefix: this.queues.prefix,
        concurrency: name === LANED ? this.lanes.places : this.config.fanout.concurrency,
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

  private async take(queue: QueueName, job: Job<JobEnvelope>, token: string | undefined): Promise<void> {
    if (queue !== LANED) {
      await this.run(job);
      return;
    }
    if ((jobTypes().get(job.name)?.priority ?? 0) < BULK_PRIORITY)
      return this.lanes.urgently(() => this.run(job));
    if (await this.lanes.inBulk(() => this.run(job))) return;
    // No attempt is used up by that.
    await job.moveToDelayed(Date.now() + comeBackMs(job), token);
    throw new DelayedError();
  }

  private async run(job: Job<JobEnvelope>): Promise<'done' | 'open'> {
    const handler = this.handlers.get(job.name);
    if (!handler) throw new Error(`No handler for the job ${job.name}: it was made by another version.`);
    const stop = this.metrics.jobSeconds.startTimer({ job: job.name });
    try {
      const { outboxId, payload } = job.data;
      const result = await handler.handle(payload, { outboxId });
      if (outboxId && result === 'done') await this.outbox.done([outboxId]);
      stop({ outcome: 'done' });
      return result;
    } catch (error) {
      stop({ outcome: 'failed' });
      throw error;
    }
  }

  private reportFailure(job: Job | undefined, error: Error): void {
    const left = (job?.opts.attempts ?? 1) - (job?.attemptsMade ?? 0);
    const line = `job ${job?.name} ${job?.id} failed: ${error.message}`;
    if (left > 0) this.logger.warn(`${line}; ${left} attempts left`);
    else this.logger.error(`${line}; set aside, to be taken up again from the outbox`, error.stack);
  }
}

/** Later each time, up to a second: however many of them there are, they do not keep Redis busy. */
const comeBackMs = (job: Job): number =>
  Math.min(FIRST_RETURN_MS * 2 ** Math.min(job.attemptsStarted - job.attemptsMade, 6), LAST_RETURN_MS);

/** A worker whose Redis is away would wait for it: past the deadline it is closed by force. */
async function closeInTime(worker: Worker): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>(
    (resolve) => (timer = setTimeout(() => resolve('late'), CLOSE_WITHIN_MS)),
  );
  const outcome = await Promise.race([worker.close(), deadline]).finally(() => clearTimeout(timer));
  if (outcome === 'late') void worker.close(true).catch(() => undefined);
}
