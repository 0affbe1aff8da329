import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ShardRouter } from '../platform/database/shards.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Backlog, type BacklogStatus } from './backlog.js';
import { GateStore } from './gate-store.js';

const GAUGES: [name: string, help: string, figure: keyof BacklogStatus][] = [
  ['intents', 'Intents in the outbox that are not delivered (counted up to 100,000).', 'intents'],
  ['rows', 'Activities that are still to be written, estimated.', 'rows'],
  ['oldest_seconds', 'Age of the oldest intent that is not delivered.', 'oldestIntentSeconds'],
  ['growth_rows_per_minute', 'Growth of the backlog, in rows a minute.', 'growthPerMinute'],
  ['redis_bytes', "Memory that the queue's Redis uses.", 'redisUsedBytes'],
  ['redis_max_bytes', "Most memory that the queue's Redis may use.", 'redisMaxBytes'],
  ['redis_full_seconds', "Time until the queue's Redis is full at the present growth.", 'redisFullInSeconds'],
  ['drained_seconds', 'Time until the backlog is gone at the present pace.', 'drainedInSeconds'],
];

/** The gate and its backlog as metrics, read at a scrape; a figure that cannot be told is left out. */
@Injectable()
export class GateGauges implements OnModuleInit {
  private reading: Promise<BacklogStatus> | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly shards: ShardRouter,
    private readonly store: GateStore,
    private readonly backlog: Backlog,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge(
      'sluice_gate_closed',
      'Whether a gate is closed: of all shards, or of one.',
      ['shard'],
      async () => {
        const { closings } = await this.store.read();
        const isClosed = (shard: number | null) =>
          closings.some((closing) => closing.shard === shard) ? 1 : 0;
        const shards = this.shards.shards.map((_, shard): [string[], number] => [
          [String(shard)],
          isClosed(shard),
        ]);
        return [[['all'], isClosed(null)], ...shards];
      },
    );
    for (const [name, help, figure] of GAUGES)
      this.metrics.gauge(`sluice_backlog_${name}`, help, [], async () => {
        const value = (await this.read())[figure];
        return value === null ? [] : [[[], value]];
      });
  }

  /** One measurement for all the gauges of a scrape. */
  private read(): Promise<BacklogStatus> {
    this.reading ??= this.measure().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async measure(): Promise<BacklogStatus> {
    const { closings } = await this.store.read();
    return (await this.backlog.measure(closings.length === 0)).status;
  }
}
