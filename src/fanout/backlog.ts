import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { oldestWaitingSeconds } from '../platform/metrics/gauges.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { topicsOf } from '../platform/queues/job.js';
import { Queues } from '../platform/queues/queues.js';
import { BacklogEstimate } from './backlog-estimate.js';

/** What waits to be delivered, and where that leads. */
export interface BacklogStatus {
  /** Intents in the outbox that are not delivered, whether their jobs are in the queue or not; counted up to 100,000. */
  intents: number;
  /** Activities that are still to be written for them, estimated from the audiences of a sample. */
  rows: number;
  oldestIntentSeconds: number;
  /** Rows a minute, over the last minute in which no gate was closed or opened; null before that can be told. */
  growthPerMinute: number | null;
  /** Memory of the queue's Redis; null when it does not answer. */
  redisUsedBytes: number | null;
  /** Null when it is not bounded. */
  redisMaxBytes: number | null;
  /** When its memory would be full if it went on growing like that; null when it is not bounded, or does not grow. */
  redisFullInSeconds: number | null;
  /** When the backlog will be gone at the present pace; null while a gate is closed, and while it does not shrink. */
  drainedInSeconds: number | null;
}

/** The queue's part of it. */
export interface QueueBacklog {
  waiting: number;
  active: number;
  oldestSeconds: number;
  usedBytes: number;
  maxBytes: number | null;
}

export interface Measurement {
  /** Null when the queue's Redis does not answer. */
  jobs: QueueBacklog | null;
  status: BacklogStatus;
}

interface Trend {
  age: number;
  rows: string;
  redis_bytes: string;
}

const sampleBacklog = sqlFile(import.meta.url, './sql/sample-backlog.sql');
const sampleDue = sqlFile<{ due: boolean }>(import.meta.url, './sql/sample-due.sql');
const backlogTrend = sqlFile<Trend>(import.meta.url, './sql/backlog-trend.sql');

const SAMPLE_MS = 5_000;
/** From how many seconds on two figures tell a pace. */
const LEAST_SECONDS = 3;

/** Measures what waits behind the gate, in the queue and in the outbox. */
@Injectable()
export class Backlog {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
    private readonly queues: Queues,
    private readonly estimate: BacklogEstimate,
  ) {}

  /** @param isOpen whether no gate is closed, so that the backlog runs off */
  async measure(isOpen: boolean): Promise<Measurement> {
    const [jobs, topics, [past]] = await Promise.all([
      measureQueue(this.queues).catch(() => null),
      this.outbox.backlog(topicsOf('activities')),
      this.primary.query(backlogTrend),
    ]);
    const rows = await this.estimate.rows(topics);
    const trend = past && past.age >= LEAST_SECONDS ? past : undefined;
    const perMinute = (growth: number) => (growth / trend!.age) * 60;
    const growth = trend ? perMinute(rows - Number(trend.rows)) : null;
    const redisGrowth = trend && jobs ? perMinute(jobs.usedBytes - Number(trend.redis_bytes)) : null;
    return {
      jobs,
      status: {
        intents: topics.reduce((sum, topic) => sum + topic.rows, 0),
        rows,
        oldestIntentSeconds: Math.max(0, ...topics.map((topic) => topic.age)),
        growthPerMinute: growth === null ? null : Math.round(growth),
        redisUsedBytes: jobs?.usedBytes ?? null,
        redisMaxBytes: jobs?.maxBytes ?? null,
        redisFullInSeconds:
          jobs?.maxBytes && redisGrowth
            ? secondsUntil(Math.max(0, jobs.maxBytes - jobs.usedBytes), redisGrowth)
            : null,
        drainedInSeconds: !isOpen
          ? null
          : rows === 0
            ? 0
            : growth === null
              ? null
              : secondsUntil(rows, -growth),
      },
    };
  }

  /** Keeps what there is now, to tell a pace from later; called often, by every worker. */
  async sample(): Promise<void> {
    const [row] = await this.primary.query(sampleDue, [SAMPLE_MS]);
    if (!row!.due) return;
    const { jobs, status } = await this.measure(false);
    if (!jobs) return;
    const figures = [jobs.waiting, status.intents, status.rows, jobs.usedBytes];
    await this.primary.query(sampleBacklog, [...figures, SAMPLE_MS]);
  }
}

/** @returns null when it never comes to that */
function secondsUntil(distance: number, perMinute: number): number | null {
  return perMinute > 0 ? Math.ceil((distance / perMinute) * 60) : null;
}

async function measureQueue(queues: Queues): Promise<QueueBacklog> {
  const [counts, oldestSeconds, memory] = await Promise.all([
    queues.use('activities', (queue) => queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active')),
    queues.use('activities', oldestWaitingSeconds),
    queues.memoryInfo(),
  ]);
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1] ?? 0);
  return {
    waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0) + (counts.delayed ?? 0),
    active: counts.active ?? 0,
    oldestSeconds,
    usedBytes: figure('used_memory'),
    maxBytes: figure('maxmemory') || null,
  };
}
