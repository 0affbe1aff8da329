import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { PrimaryDatabase } from '../database/primary.js';
import { ShardRouter } from '../database/shards.js';
import { sqlFile } from '../database/sql.js';
import { QUEUE_NAMES } from '../queues/job.js';
import { Queues } from '../queues/queues.js';
import { Metrics } from './metrics.js';

const outboxAge = sqlFile<{ rows: number; age: number }>(import.meta.url, './outbox-age.sql');

/** The gauges that are read at a scrape: pools, queues and the outbox. */
@Injectable()
export class Gauges implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly primary: PrimaryDatabase,
    private readonly shards: ShardRouter,
    private readonly queues: Queues,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge(
      'sluice_pool_connections',
      'Connections of a pool, by state.',
      ['database', 'state'],
      () =>
        Promise.resolve(
          [this.primary.database, ...this.shards.shards].flatMap(({ name, pool }) => [
            [[name, 'busy'], pool.totalCount - pool.idleCount] as [string[], number],
            [[name, 'idle'], pool.idleCount] as [string[], number],
            [[name, 'waiting'], pool.waitingCount] as [string[], number],
          ]),
        ),
    );
    this.metrics.gauge('sluice_queue_jobs', 'Jobs of a queue, by state.', ['queue', 'state'], async () =>
      (await Promise.all(QUEUE_NAMES.map((name) => this.queues.use(name, queueCounts)))).flat(),
    );
    this.metrics.gauge(
      'sluice_queue_oldest_seconds',
      'Age of the job that has waited longest.',
      ['queue'],
      () =>
        Promise.all(
          QUEUE_NAMES.map(async (name): Promise<[string[], number]> => [
            [name],
            await this.queues.use(name, oldestWaitingSeconds),
          ]),
        ),
    );
    this.metrics.gauge('sluice_outbox_rows', 'Rows in the outbox (counted up to 100,000).', [], async () => [
      [[], (await this.primary.query(outboxAge))[0]!.rows],
    ]);
    this.metrics.gauge(
      'sluice_outbox_oldest_seconds',
      'Age of the oldest row in the outbox.',
      [],
      async () => [[[], (await this.primary.query(outboxAge))[0]!.age]],
    );
  }
}

async function queueCounts(queue: Queue): Promise<[string[], number][]> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
  return Object.entries(counts).map(([state, count]) => [[queue.name, state], count]);
}

/** How long the oldest waiting job has waited, in seconds; 0 when none waits. */
export async function oldestWaitingSeconds(queue: Queue): Promise<number> {
  const jobs = await queue.getJobs(['waiting', 'prioritized', 'delayed'], 0, 0, true);
  const oldest = Math.min(...jobs.filter(Boolean).map((job) => job.timestamp));
  return Number.isFinite(oldest) ? Math.max(0, (Date.now() - oldest) / 1000) : 0;
}
