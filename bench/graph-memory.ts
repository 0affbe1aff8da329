import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import { GraphRedis } from '../src/platform/redis/redis.js';
import { MirrorRebuild } from '../src/relationships/mirror-rebuild.js';
import { type Benchmark, type BenchContext, type Report, single } from './harness/benchmark.js';
import { fillGraph } from './harness/graph-data.js';
import type { PowerLawOptions } from './harness/power-law.js';

/** What an id takes that nothing is known of. */
const RAW_BYTES = 8;

/** Graphs of few and of many follows a user, one after the other. */
const SIZES: Record<string, { sparse: PowerLawOptions; dense: PowerLawOptions }> = {
  medium: {
    sparse: { users: 1_000_000, followsPerUser: 10, seed: 1 },
    dense: { users: 100_000, followsPerUser: 100, seed: 1 },
  },
  small: {
    sparse: { users: 100_000, followsPerUser: 10, seed: 1 },
    dense: { users: 10_000, followsPerUser: 100, seed: 1 },
  },
};

/** What the mirror of a graph takes in Redis, all keys counted. */
export const graphMemory: Benchmark = {
  name: 'graph-memory',
  summary: 'memory of the mirror for each follow, all keys counted, against the 8 bytes of an id',
  sizes: {
    medium: 'generated: 1 M users with 10 follows each, 100,000 users with 100 each',
    small: 'generated: 100,000 users with 10 follows each, 10,000 users with 100 each',
  },
  run,
};

interface Memory {
  users: number;
  follows: number;
  bytes: number;
  keys: number;
}

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const services = await stack.services();
  const { sparse, dense } = SIZES[size]!;
  const few = await measure(services, sparse, say);
  const many = await measure(services, dense, say);
  const perFollow = ({ bytes, follows }: Memory) => bytes / follows;
  const count = (value: number) => value.toLocaleString('en');
  return {
    headline: single(
      'bytesPerFollow',
      `at ${sparse.followsPerUser} follows a user`,
      'bytes/follow',
      perFollow(few),
    ),
    limit: single('rawBytes', 'an id and nothing else', 'bytes/follow', RAW_BYTES),
    ratio: perFollow(few) / RAW_BYTES,
    others: [
      single(
        'denseBytesPerFollow',
        `at ${dense.followsPerUser} follows a user`,
        'bytes/follow',
        perFollow(many),
      ),
      single('bytesPerUser', `a user with ${sparse.followsPerUser} follows`, 'bytes', few.bytes / few.users),
      single(
        'denseBytesPerUser',
        `a user with ${dense.followsPerUser} follows`,
        'bytes',
        many.bytes / many.users,
      ),
      single('megabytes', `all of it at ${sparse.followsPerUser} follows a user`, 'MiB', few.bytes / 2 ** 20),
      single('rawMegabytes', 'its ids and nothing else', 'MiB', (few.follows * RAW_BYTES) / 2 ** 20),
      single('keys', `keys at ${sparse.followsPerUser} follows a user`, '', few.keys),
    ],
    data: [few, many]
      .map(({ users, follows }) => `${count(users)} users, ${count(follows)} follows`)
      .join('; '),
    notes: [
      `set-max-intset-entries ${await intsetEntries(services)}, the embedded setting.`,
      'Growth of used_memory over an empty Redis: sets, counts, versions and the tables that hold their keys.',
    ],
  };
}

/** Fills empty stores with a graph, and Redis with its mirror. */
async function measure(
  services: INestApplicationContext,
  options: PowerLawOptions,
  say: (line: string) => void,
): Promise<Memory> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  await client.query('TRUNCATE users, relationships, graph_owners CASCADE');
  await client.end();
  const redis = services.get(GraphRedis).client;
  await empty(services);
  const before = await usedMemory(services);
  const graph = await fillGraph(services, options, say);
  say('building the mirror');
  await services.get(MirrorRebuild).run();
  const memory = { ...graph, bytes: (await usedMemory(services)) - before, keys: await redis.dbsize() };
  say(
    `${(memory.bytes / memory.follows).toFixed(1)} bytes/follow at ${options.followsPerUser} follows a user`,
  );
  return memory;
}

/** Frees everything in the background, and waits for it. */
async function empty(services: INestApplicationContext): Promise<void> {
  const redis = services.get(GraphRedis).client;
  await redis.flushall('ASYNC');
  const left = async () => Number(/^lazyfree_pending_objects:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  while ((await left()) > 0) await delay(50);
}

async function usedMemory(services: INestApplicationContext): Promise<number> {
  const info = await services.get(GraphRedis).client.info('memory');
  return Number(/^used_memory:(\d+)/m.exec(info)![1]);
}

async function intsetEntries(services: INestApplicationContext): Promise<string> {
  const [, entries] = (await services
    .get(GraphRedis)
    .client.config('GET', 'set-max-intset-entries')) as string[];
  return entries!;
}
