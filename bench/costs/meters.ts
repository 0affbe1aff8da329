import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { ServerProcess } from '../harness/server-process.js';

/** What the parts of an installation have used up to a moment, or between two. */
export interface Used {
  seconds: number;
  /** Sizes of the databases, with indexes. */
  primaryBytes: number;
  shardBytes: number;
  /** Written to the write-ahead log by statements there. */
  primaryWal: number;
  shardWal: number;
  primaryStatements: number;
  shardStatements: number;
  /** What Postgres says that the statements took, in milliseconds. */
  primaryMs: number;
  shardMs: number;
  graphBytes: number;
  queueBytes: number;
  /** Commands, those within scripts included. */
  graphCommands: number;
  queueCommands: number;
  /** What the processes took of the processors, in milliseconds. */
  nodeMs: number;
}

interface Totals {
  statements: number;
  wal: number;
  ms: number;
  bytes: number;
}

const TOTALS = `
  SELECT coalesce(sum(calls), 0)::float8 AS statements, coalesce(sum(wal_bytes), 0)::float8 AS wal,
    coalesce(sum(total_exec_time), 0)::float8 AS ms, pg_database_size(current_database())::float8 AS bytes
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Reads what everything has used so far. */
export class Meters {
  private readonly graph: Redis;
  private readonly queue: Redis;

  constructor(
    private readonly services: INestApplicationContext,
    private readonly server: ServerProcess,
    graphUrl: string,
    queueUrl: string,
  ) {
    this.graph = new Redis(graphUrl);
    this.queue = new Redis(queueUrl);
  }

  async read(): Promise<Used> {
    const statement = { name: 'bench_totals', text: TOTALS };
    const primary = await this.services.get(PrimaryDatabase).query<Totals>(statement);
    const shards = await Promise.all(
      this.services.get(ShardRouter).shards.map((shard) => shard.query<Totals>(statement)),
    );
    const sum = (key: keyof Totals) => shards.flat().reduce((total, row) => total + row[key], 0);
    return {
      seconds: performance.now() / 1_000,
      primaryBytes: primary[0]!.bytes,
      shardBytes: sum('bytes'),
      primaryWal: primary[0]!.wal,
      shardWal: sum('wal'),
      primaryStatements: primary[0]!.statements,
      shardStatements: sum('statements'),
      primaryMs: primary[0]!.ms,
      shardMs: sum('ms'),
      graphBytes: await memory(this.graph),
      queueBytes: await memory(this.queue),
      graphCommands: await commands(this.graph),
      queueCommands: await commands(this.queue),
      nodeMs: (await this.server.cpuSeconds()) * 1_000,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.graph.quit(), this.queue.quit()]);
  }
}

/** What one of `count` operations used, after what is used while nothing happens. */
export function each(before: Used, after: Used, count: number, idle: Used): Used {
  const keys = Object.keys(before) as (keyof Used)[];
  const seconds = after.seconds - before.seconds;
  return Object.fromEntries(
    keys.map((key) => [key, (after[key] - before[key] - rateOf(idle, key) * seconds) / count]),
  ) as unknown as Used;
}

/** Sizes do not grow by themselves; whatever they did while nothing happened is chance. */
const SIZES: readonly (keyof Used)[] = ['primaryBytes', 'shardBytes', 'graphBytes', 'queueBytes', 'seconds'];
const rateOf = (idle: Used, key: keyof Used): number => (SIZES.includes(key) ? 0 : idle[key]);

/** What is used a second between two readings. */
export function perSecond(before: Used, after: Used): Used {
  const seconds = after.seconds - before.seconds;
  const keys = Object.keys(before) as (keyof Used)[];
  return Object.fromEntries(
    keys.map((key) => [key, (after[key] - before[key]) / seconds]),
  ) as unknown as Used;
}

async function memory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))![1]);
}

async function commands(redis: Redis): Promise<number> {
  const counts = [...(await redis.info('commandstats')).matchAll(/calls=(\d+)/g)];
  return counts.reduce((total, [, calls]) => total + Number(calls), 0);
}
