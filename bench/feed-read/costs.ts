import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { type Series, single } from '../harness/benchmark.js';
import type { ServerProcess } from '../harness/server-process.js';

/** What was used so far, by those who answer a page together. */
interface Meters {
  nodeSeconds: number;
  postgresSeconds: number;
  statements: number;
  redisSeconds: number;
  commands: number;
}

/**
 * Where the time of a page goes: what each part spends on it.
 * @param work answers how many pages it had answered
 */
export async function measureCosts(
  services: INestApplicationContext,
  server: ServerProcess,
  work: () => Promise<number>,
): Promise<Series[]> {
  const before = await readMeters(services, server);
  const pages = await work();
  const after = await readMeters(services, server);
  const each = (meter: keyof Meters) => (after[meter] - before[meter]) / pages;
  return [
    single('nodeMs', 'of which Node works', 'ms a page', each('nodeSeconds') * 1_000),
    single('postgresMs', 'Postgres executes', 'ms a page', each('postgresSeconds') * 1_000),
    single('redisMs', 'Redis works', 'ms a page', each('redisSeconds') * 1_000),
    single('statements', 'SQL statements', 'a page', each('statements')),
    single('redisCommands', 'Redis commands', 'a page', each('commands')),
  ];
}

async function readMeters(services: INestApplicationContext, server: ServerProcess): Promise<Meters> {
  const primary = services.get(PrimaryDatabase);
  const [sql] = await primary.query<{ statements: number; seconds: number }>({
    name: 'bench_statements',
    text: `SELECT coalesce(sum(calls), 0)::float8 AS statements, coalesce(sum(total_exec_time), 0) / 1000 AS seconds
           FROM pg_stat_statements`,
  });
  const info = await services.get(GraphRedis).client.info('all');
  const value = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  // Commands that a pipeline or a script carries count one by one.
  const commands = [...info.matchAll(/^cmdstat_\S+?:calls=(\d+)/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
  return {
    nodeSeconds: await server.cpuSeconds(),
    postgresSeconds: sql!.seconds,
    statements: sql!.statements,
    redisSeconds: value('used_cpu_user') + value('used_cpu_sys'),
    commands,
  };
}

/** Lets `measureCosts` see every database's statements. */
export async function countStatements(services: INestApplicationContext): Promise<void> {
  await services.get(PrimaryDatabase).query({
    name: 'bench_count_statements',
    text: 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements',
  });
}
