import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Config } from '../config/config.js';
import { close, connect } from '../redis/redis.js';
import { LuaScript } from '../redis/script.js';
import { jobTypes, QUEUE_NAMES, type QueueName } from './job.js';

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
  /** Unless it is that of its type. */
  priority?: number;
}

/** A failing job is tried this often, 0.5 s apart at first and then twice as long each time, before it is set aside. */
const ATTEMPTS = 6;

const reserveRoom = LuaScript.load<number>(import.meta.url, './reserve-room.lua');
/** Longer than it takes to claim rows and add their jobs, in milliseconds. */
const RESERVATION_MS = 15_000;

/** The producers' side of the queues. Its connection fails fast, so that a lost Redis does not hold a caller. */
@Injectable()
export class Queues implements OnApplicationShutdown {
  readonly prefix: string;
  private readonly connection: Redis;
  private readonly open = new Map<QueueName, Queue<JobEnvelope>>();

  constructor(config: Config) {
    this.prefix = `${config.redis.prefix}{queue}`;
    this.connection = connect(config.redis.queueUrl, 'queue', {
      commandTimeout: Math.max(config.redis.timeoutMs, 2_000),
      maxRetriesPerRequest: 1,
    });
  }

  /**
   * Does something with a queue. BullMQ keeps a failure to introduce itself to Redis for good, so a queue that could not
   * is thrown away, and the next caller gets a new one.
   */
  async use<Result>(name: QueueName, act: (queue: Queue<JobEnvelope>) => Promise<Result>): Promise<Result> {
    const queue = this.open.get(name) ?? this.make(name);
    try {
      await queue.waitUntilReady();
    } catch (error) {
      if (this.open.get(name) === queue) this.open.delete(name);
      throw error;
    }
    return act(queue);
  }

  /** Asks the queue's Redis for a sign of life, the way jobs go. */
  async ping(): Promise<void> {
    await this.use(QUEUE_NAMES[0], (queue) => queue.isPaused());
  }

  /** What the server says of its memory (`INFO memory`). */
  memoryInfo(): Promise<string> {
    return this.connection.info('memory');
  }

  /**
   * Runs `add` with room for up to so many jobs in a queue that never grows past a depth, whoever else adds to it.
   * @param add told how many jobs it may add, from 1 on; not called when there is no room
   */
  async withRoom<Result>(
    name: QueueName,
    wanted: number,
    depth: number,
    add: (room: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    const keys = ['wait', 'paused', 'active', 'prioritized', 'delayed', 'reserved'].map(
      (part) => `${this.prefix}:${name}:${part}`,
    );
    const id = randomUUID();
    const room = await reserveRoom.run(this.connection, keys, [depth, wanted, id, RESERVATION_MS]);
    if (room === 0) return undefined;
    try {
      return await add(room);
    } finally {
      await this.connection.zrem(keys.at(-1)!, `${id}:${room}`).catch(() => undefined);
    }
  }

  /**
   * Adds jobs under ids of their own; a job that is there already is not added again. Of those that may have been added
   * before, one that was set aside as failed is taken up again, and one that Redis has lost from its lists is added anew.
   * @param repeated whether some of them may have been added before
   */
  async enqueue(name: QueueName, jobs: readonly NewJob[], repeated: boolean): Promise<void> {
    await this.use(name, async (queue) => {
      if (repeated) await Promise.all(jobs.map(({ id }) => revive(queue, id)));
      await queue.addBulk(
        jobs.map(({ id, type, data, priority }) => ({
          name: type,
          data,
          opts: { jobId: id, priority: priority ?? jobTypes().get(type)?.priority ?? 0 },
        })),
      );
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.open.values()].map((queue) => queue.close().catch(() => undefined)));
    await close(this.connection);
  }

  private make(name: QueueName): Queue<JobEnvelope> {
    const queue = new Queue<JobEnvelope>(name, {
      connection: this.connection,
      prefix: this.prefix,
      defaultJobOptions: {
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
        removeOnComplete: true,
        removeOnFail: { count: 10_000 },
      },
    });
    queue.on('error', () => undefined);
    this.open.set(name, queue);
    return queue;
  }
}

/**
 * Takes up a job that was set aside, and drops one that lies in no list any more, because Redis lost some of its keys: as
 * long as it is there, none of the same id is added. Another relay may be faster, or the job be done meanwhile: then
 * there is nothing left to do.
 */
async function revive(queue: Queue, id: string): Promise<void> {
  const job = await queue.getJob(id);
  if (!job) return;
  const state = await job.getState();
  if (state === 'failed') await job.retry('failed').catch(() => undefined);
  else if (state === 'unknown') await job.remove().catch(() => undefined);
}
