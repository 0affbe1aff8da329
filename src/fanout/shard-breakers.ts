import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Refusal } from '../activities/write-outcome.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Metrics } from '../platform/metrics/metrics.js';

interface OpenBreaker {
  reason: Refusal['reason'];
  /** How long until the next try, in milliseconds; doubles with each that fails. */
  pauseMs: number;
  nextTryAt: number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

/**
 * A circuit breaker for each shard, in each process (Nygard, Release It!, 5.2). A write that a shard refuses opens it;
 * nobody asks the shard then but a single probe now and then, and one that succeeds closes it.
 */
@Injectable()
export class ShardBreakers implements OnModuleInit {
  private readonly logger = new Logger('ShardBreakers');
  private readonly open = new Map<number, OpenBreaker>();

  constructor(
    private readonly shards: ShardRouter,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge(
      'sluice_shard_breaker_open',
      '1 while no row is sent to a shard because it refused one, by reason.',
      ['shard', 'reason'],
      () => Promise.resolve(this.series()),
    );
  }

  get allClosed(): boolean {
    return this.open.size === 0;
  }

  /** Why a shard is asked for nothing just now; undefined when it is asked. */
  reason(shard: number): Refusal['reason'] | undefined {
    return this.open.get(shard)?.reason;
  }

  /** The shards with an open breaker. */
  opened(): number[] {
    return [...this.open.keys()];
  }

  /** Whether it is time to try a shard: always, as long as its breaker is closed. */
  isDue(shard: number): boolean {
    return (this.open.get(shard)?.nextTryAt ?? 0) <= Date.now();
  }

  /** A shard has refused. */
  trip(shard: number, reason: Refusal['reason']): void {
    const before = this.open.get(shard);
    if (!before) this.logger.warn(`shard ${shard} is ${reason}: what is for it waits`);
    // Writes that were under way together fail together: that counts once.
    if (before && before.nextTryAt > Date.now()) return;
    const pauseMs = before ? Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.open.set(shard, { reason, pauseMs, nextTryAt: Date.now() + pauseMs });
  }

  /** A shard has taken a write. */
  close(shard: number): void {
    if (this.open.delete(shard)) this.logger.log(`shard ${shard} takes rows again`);
  }

  private series(): [string[], number][] {
    return this.shards.shards.flatMap(({ name }, shard) =>
      (['closed', 'unavailable'] as const).map((reason): [string[], number] => [
        [name, reason],
        Number(this.reason(shard) === reason),
      ]),
    );
  }
}
