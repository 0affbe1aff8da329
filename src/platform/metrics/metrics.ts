import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The process's metrics, in Prometheus's naming: base units, `_total` on counters. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly requestSeconds = new Histogram({
    name: 'sluice_http_request_seconds',
    help: 'Time from a request to its answer, by route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [this.registry],
  });

  readonly jobSeconds = new Histogram({
    name: 'sluice_job_seconds',
    help: 'Time that a job ran, by kind and outcome.',
    labelNames: ['job', 'outcome'],
    buckets: SECONDS,
    registers: [this.registry],
  });

  readonly activitiesWritten = new Counter({
    name: 'sluice_activities_written_total',
    help: 'Rows written to the activities, by shard.',
    labelNames: ['shard'],
    registers: [this.registry],
  });

  readonly replicatedReads = new Counter({
    name: 'sluice_replicated_reads_total',
    help: 'Reads of streams on shards that have replicas, by who answered: a replica, or the shard itself.',
    labelNames: ['shard', 'source'],
    registers: [this.registry],
  });

  readonly cacheReads = new Counter({
    name: 'sluice_cache_reads_total',
    help: 'Entries that were asked of a cache in Redis, by outcome: hit, miss, or unavailable while Redis is away.',
    labelNames: ['cache', 'outcome'],
    registers: [this.registry],
  });

  readonly keptCopies = new Counter({
    name: 'sluice_kept_copies_total',
    help: 'Posts, cards and people that were asked of the copies in this process, by outcome: hit, miss, or unavailable while Redis is away.',
    labelNames: ['kind', 'outcome'],
    registers: [this.registry],
  });

  readonly mirrorFallbacks = new Counter({
    name: 'sluice_mirror_fallbacks_total',
    help: 'Reads of the graph that went to Postgres, by reason.',
    labelNames: ['reason'],
    registers: [this.registry],
  });

  readonly mirrorAudited = new Counter({
    name: 'sluice_mirror_audited_users_total',
    help: 'Users whose mirror was compared with Postgres in the background.',
    registers: [this.registry],
  });

  readonly mirrorDrift = new Counter({
    name: 'sluice_mirror_drift_total',
    help: 'Differences between mirror and Postgres that the background audit found, by kind.',
    labelNames: ['kind'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /**
   * Registers a gauge that is read when somebody scrapes. A read that fails leaves the gauge out of that scrape.
   * @param read answers label values (in the order of `labelNames`) and a figure, for each series
   */
  gauge(name: string, help: string, labelNames: string[], read: () => Promise<[string[], number][]>): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect: async () => {
        gauge.reset();
        const series = await read().catch(() => []);
        for (const [values, figure] of series)
          gauge.set(Object.fromEntries(labelNames.map((label, i) => [label, values[i]!])), figure);
      },
    });
  }
}
