import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import { Config } from '../config/config.js';
import { close, connect } from '../redis/redis.js';
import { jobTypes, QUEUE_NAMES, type QueueName } from './job.js';
import type { Redis } from 'ioredis';

/** A job as it lies in Redis. */
export interface JobEnvelope {
  outboxId?: string;
  payload: unknown;
}

/** A job to be added. */
export interface NewJob {
  /** Unique in its queue; no integer and without a colon (BullMQ's rule). */
  id: string;
  type: string;
  data: JobEnvelope;
}

/** A failing job is tried this often, 0.5 s apart at first and then twice as long each time, before it is set aside. */
const ATTEMPTS = 6;

/** The producers' side of the queues. Its connection fails fast, so that a lost Redis does not hold a caller. */
@Injectable()
export class Queues implements OnApplicationShutdown {
  readonly prefix: string;
  private readonly connection: Redis;
  private readonly queues: Record<QueueName, Queue<JobEnvelope>>;

  constructor(config: Config) {
    this.prefix = `${config.redis.prefix}{queue}`;
    this.connection = connect(config.redis.queueUrl, 'queue', {
      commandTimeout: Math.max(config.redis.timeoutMs, 2_000),
      maxRetriesPerRequest: 1,
    });
    const make = (name: QueueName) =>
      new Queue<JobEnvelope>(name, {
        connection: this.connection,
        prefix: this.prefix,
        skipWaitingForReady: true,
        defaultJobOptions: {
          attempts: ATTEMPTS,
          backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
          removeOnComplete: true,
          removeOnFail: { count: 10_000 },
        },
      });
    this.queues = Object.fromEntries(QUEUE_NAMES.map((name) => [name, make(name)])) as typeof this.queues;
    for (const queue of this.all()) queue.on('error', () => undefined);
  }

  get(name: QueueName): Queue<JobEnvelope> {
    return this.queues[name];
  }

  all(): Queue<JobEnvelope>[] {
    return Object.values(this.queues);
  }

  /** Asks the queue's Redis for a sign of life. */
  async ping(): Promise<void> {
    await this.connection.ping();
  }

  /**
   * Adds jobs under ids of their own; a job that is there already is not added again, and one that was set aside as
   * failed is taken up again.
   * @param repeated whether some of them may have been added before
   */
  async enqueue(name: QueueName, jobs: readonly NewJob[], repeated: boolean): Promise<void> {
    const queue = this.get(name);
    if (repeated) {
      for (const { id } of jobs) {
        const earlier = await queue.getJob(id);
        if (earlier && (await earlier.isFailed())) await earlier.retry('failed');
      }
    }
    await queue.addBulk(
      jobs.map(({ id, type, data }) => ({
        name: type,
        data,
        opts: { jobId: id, priority: jobTypes().get(type)?.priority ?? 0 },
      })),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.all().map((queue) => queue.close().catch(() => undefined)));
    await close(this.connection);
  }
}
