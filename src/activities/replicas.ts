import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { ConfigError } from '../platform/config/environment.js';
import type { Database } from '../platform/database/database.js';
import { type LogPosition, positionOfShard, Replica } from '../platform/database/replica.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Periodic } from '../platform/periodic.js';
import { SharedRead } from '../platform/database/shared-read.js';

/** The replicas of one shard. */
interface Replicated {
  replicas: Replica[];
  /** How far the shard has come; readers who ask at the same time share the question. */
  position: SharedRead<LogPosition>;
  turn: number;
}

/** A replica that may be read now, and up to where it must have come. */
export interface ReadableReplica {
  replica: Replica;
  position: SharedRead<LogPosition>;
}

const CHECK_MS = 500;

/** The replicas that the setting names, looked after: which of them keep up, and may be read. */
@Injectable()
export class Replicas implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly byShard = new Map<number, Replicated>();
  private readonly checks = new Periodic('Replicas', CHECK_MS, () => this.check());

  constructor(
    private readonly config: Config,
    private readonly shards: ShardRouter,
    private readonly metrics: Metrics,
  ) {}

  /** @throws ConfigError when the setting names a replica of a shard that there is not */
  async onModuleInit(): Promise<void> {
    const { database } = this.config;
    if (database.replicas.length === 0) return;
    await this.shards.refresh();
    for (const { shard, url } of database.replicas) {
      const owner = this.shards.shards[shard];
      if (!owner)
        throw new ConfigError(`ACTIVITY_REPLICA_URLS names a replica of shard ${shard}, which there is not.`);
      const known = this.byShard.get(shard) ?? replicated(owner);
      const name = `shard-${shard}-replica-${known.replicas.length}`;
      known.replicas.push(
        new Replica({ ...database, name, url, poolSize: database.shardPoolSize }, database.replicaLagMs),
      );
      this.byShard.set(shard, known);
    }
    this.showMetrics();
    this.checks.start();
  }

  /** The replicas of a shard, whether they may be read or not. */
  of(shard: number): readonly Replica[] {
    return this.byShard.get(shard)?.replicas ?? [];
  }

  /** One that may be read, they take turns; undefined when there is none. */
  next(shard: Database): ReadableReplica | undefined {
    if (this.byShard.size === 0) return undefined;
    const known = this.byShard.get(this.shards.numberOf(shard));
    const readable = known?.replicas.filter(({ reason }) => reason === undefined);
    if (!known || !readable || readable.length === 0) return undefined;
    known.turn = (known.turn + 1) % readable.length;
    return { replica: readable[known.turn]!, position: known.position };
  }

  /** Looks at all of them. A shard that is away says nothing of its replicas: they are not read. */
  async check(): Promise<void> {
    await Promise.all(
      [...this.byShard.values()].map(async ({ replicas, position }) => {
        const at = await position.read().catch(() => undefined);
        if (at) await Promise.all(replicas.map((replica) => replica.check(at)));
        else for (const replica of replicas) replica.reason = 'its shard does not answer';
      }),
    );
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.checks.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.all().map((replica) => replica.close()));
  }

  private all(): Replica[] {
    return [...this.byShard.values()].flatMap(({ replicas }) => replicas);
  }

  private showMetrics(): void {
    const series = (read: (replica: Replica) => number | undefined) => () =>
      Promise.resolve(
        this.all().flatMap((replica): [string[], number][] => {
          const value = read(replica);
          return value === undefined ? [] : [[[replica.name], value]];
        }),
      );
    this.metrics.gauge(
      'sluice_replica_readable',
      '1 while feeds are read from a replica, 0 while it is away or too far behind.',
      ['replica'],
      series(({ reason }) => Number(reason === undefined)),
    );
    this.metrics.gauge(
      'sluice_replica_lag_bytes',
      'How far a replica was behind its shard when it was last looked at.',
      ['replica'],
      series(({ lagBytes }) => lagBytes),
    );
  }
}

const replicated = (shard: Database): Replicated => ({
  replicas: [],
  position: new SharedRead(() => positionOfShard(shard)),
  turn: 0,
});
