import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../database/primary.js';
import { ShardRouter } from '../database/shards.js';
import { sqlFile } from '../database/sql.js';
import { Queues } from '../queues/queues.js';
import { GraphRedis } from '../redis/redis.js';
import type { HealthDto } from './health.dto.js';

const PATIENCE_MS = 1_500;
const ping = sqlFile(import.meta.url, './ping.sql');

/** Asks every store for a sign of life. */
@Injectable()
export class Health implements BeforeApplicationShutdown {
  private draining = false;

  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly shards: ShardRouter,
    private readonly redis: GraphRedis,
    private readonly queues: Queues,
  ) {}

  /** From now on the process takes no new work, and says so. */
  beforeApplicationShutdown(): void {
    this.draining = true;
  }

  /** `down` when the primary or all shards are, or the process is stopping; `degraded` when anything else is. */
  async check(): Promise<HealthDto> {
    const probes: [string, Promise<unknown>][] = [
      ['primary', this.primary.query(ping)],
      ...this.shards.shards.map((shard): [string, Promise<unknown>] => [shard.name, shard.query(ping)]),
      ['redis', this.redis.client.ping()],
      ['queue', this.queues.ping()],
    ];
    const states = await Promise.all(
      probes.map(async ([name, probe]) => [name, await answers(probe)] as const),
    );
    const parts = Object.fromEntries(states);
    const down = states.filter(([, state]) => state === 'down').map(([name]) => name);
    const allShardsDown = this.shards.shards.every((shard) => down.includes(shard.name));
    if (this.draining || down.includes('primary') || allShardsDown) return { status: 'down', parts };
    return { status: down.length > 0 ? 'degraded' : 'up', parts };
  }
}

async function answers(probe: Promise<unknown>): Promise<'up' | 'down'> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<'down'>((resolve) => (timer = setTimeout(() => resolve('down'), PATIENCE_MS)));
  const answer = probe.then(
    () => 'up' as const,
    () => 'down' as const,
  );
  return Promise.race([answer, patience]).finally(() => clearTimeout(timer));
}
