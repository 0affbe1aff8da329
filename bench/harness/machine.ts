import { cpus, totalmem } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';

/** The machine and the versions that figures were measured on, in one line. */
export async function describeMachine(services: INestApplicationContext): Promise<string> {
  const [row] = await services.get(PrimaryDatabase).query<{ version: string }>({
    name: 'bench_version',
    text: `SELECT split_part(current_setting('server_version'), ' ', 1) AS version`,
  });
  const info = await services.get(GraphRedis).client.info('server');
  const redis = /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown';
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const versions = `Node ${process.versions.node}, Postgres ${row!.version}, Redis ${redis}`;
  return `${cpus().length} cores (${model}), ${memory} GiB, ${versions}`;
}
