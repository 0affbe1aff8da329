import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import type { Id } from '../src/platform/ids/ids.js';
import { MirrorRebuild, type RebuildOptions } from '../src/relationships/mirror-rebuild.js';
import { GraphRedis } from '../src/platform/redis/redis.js';
import { RedisWatch } from '../src/relationships/rebuild/redis-watch.js';
import { MirrorVerification } from '../src/relationships/mirror-verification.js';
import type { Benchmark, BenchContext, Report } from './harness/benchmark.js';
import { EPINIONS, fillGraph, type GraphData, TEN_MILLION } from './harness/graph-data.js';
import { besideComputing } from './rebuild/computing.js';
import { dropReadySets, loadReadySets, type ReadySets, writeReadySets } from './rebuild/ready-sets.js';
import { type Rebuilt, report, type Rounds } from './rebuild/report.js';
import { TrafficProcess } from './rebuild/traffic.js';

const SIZES: Record<string, GraphData> = { medium: TEN_MILLION, small: EPINIONS };
const ROUNDS = 3;
const LOOKUPS_PER_SECOND = 200;
const WRITES_PER_SECOND = 500;
/** How long lookups are watched before a rebuild begins. */
const BEFORE_MS = 4_000;
/** What a rebuild by turns may be held to, where even that is too much for those who look up. */
const HELD_COMMANDS_PER_SECOND = 20_000;
/** As the embedded Redis keeps sets packed. */
const LARGEST_DUMP = 4_096;
const ACTIVE_USERS = 20_000;
const VERIFIED_USERS = 5_000;

/** The mirror built anew beside the one in use, with nobody there and with people changing the graph. */
export const rebuild: Benchmark = {
  name: 'rebuild',
  summary:
    'the mirror rebuilt from Postgres, idle and under writes, against redis-cli --pipe of the ready sets',
  sizes: {
    medium: 'generated: 1 M users, 10 M follows; takes ten minutes and more',
    small: 'soc-Epinions1: 75,879 users, 508,837 follows',
  },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const services = await stack.services();
  const graph = await fillGraph(services, SIZES[size]!, say);
  const users = await drawUsers(services);
  say('writing the ready file');
  const sets = await writeReadySets(services, join(stack.dataDir, 'sets.resp'), 0);
  const dumps = await writeReadySets(services, join(stack.dataDir, 'dumps.resp'), LARGEST_DUMP);
  say('building the first mirror');
  await services.get(MirrorRebuild).run();
  const load = { kind: 'lookups', perSecond: LOOKUPS_PER_SECOND, users } as const;
  const lookups = await TrafficProcess.start(stack.environment, load);
  const setting = { follows: graph.follows, sets, dumps, users, lookups, stack, say };
  const rounds = await measure(services, setting).finally(() => lookups.stop());
  const { drift } = await services.get(MirrorVerification).run({ users: VERIFIED_USERS });
  if (drift.length > 0) throw new Error(`The mirror drifted: ${JSON.stringify(drift.slice(0, 3))}`);
  return report(graph, rounds, {
    writes: WRITES_PER_SECOND,
    lookups: LOOKUPS_PER_SECOND,
  });
}

interface Setting {
  follows: number;
  sets: ReadySets;
  dumps: ReadySets;
  users: Id[];
  lookups: TrafficProcess;
  stack: BenchContext['stack'];
  say: BenchContext['say'];
}

async function measure(services: INestApplicationContext, setting: Setting): Promise<Rounds> {
  const { follows, sets, dumps, users, lookups, stack, say } = setting;
  const rounds: Rounds = {
    ...{ loader: '', ready: [], besideReady: [], readySlowestMs: [] },
    ...{ idle: [], busy: [], gentle: [], held: [], dumps: [], besideComputing: [] },
  };
  const describe = ({ edges, seconds, before, during }: Rebuilt) =>
    `${Math.round(edges / seconds)}/s (p99 ${before.p99Ms.toFixed(2)} → ${during.p99Ms.toFixed(2)} ms)`;
  for (let round = 1; round <= ROUNDS; round++) {
    const watch = await RedisWatch.start(services.get(GraphRedis).client);
    await lookups.count();
    const { seconds, loader } = await loadReadySets(sets, stack.config.redis.graphUrl);
    rounds.besideReady.push(await lookups.count());
    rounds.readySlowestMs.push((await watch.slowest())?.atMostMs ?? 0);
    rounds.loader = loader;
    rounds.ready.push(follows / seconds);
    say(`round ${round} of ${ROUNDS}: ${loader} ${Math.round(follows / seconds)}/s`);
    await dropReadySets(services);
    if (round === 1) {
      const { seconds } = await loadReadySets(dumps, stack.config.redis.graphUrl);
      rounds.dumps.push(follows / seconds);
      await dropReadySets(services);
    }
    await lookups.count();
    rounds.besideComputing.push(
      await besideComputing(BEFORE_MS, async () => {
        await delay(BEFORE_MS);
        return lookups.count();
      }),
    );
    const idle = await rebuildWatched(services, lookups);
    rounds.idle.push(idle);
    say(`  rebuild, nobody writing: ${describe(idle)}`);
    const load = { kind: 'writes', perSecond: WRITES_PER_SECOND, users } as const;
    const writes = await TrafficProcess.start(stack.environment, load);
    const busy = await rebuildWatched(services, lookups, writes).finally(() => writes.stop());
    rounds.busy.push(busy);
    say(`  rebuild under writes: ${describe(busy)}`);
    const gentle = await rebuildWatched(services, lookups, undefined, { gentle: true });
    rounds.gentle.push(gentle);
    say(`  rebuild by turns: ${describe(gentle)}`);
    if (round < ROUNDS) continue;
    const options = { gentle: true, commandsPerSecond: HELD_COMMANDS_PER_SECOND };
    const held = await rebuildWatched(services, lookups, undefined, options);
    rounds.held.push(held);
    say(`  rebuild by turns, held to ${HELD_COMMANDS_PER_SECOND} commands/s: ${describe(held)}`);
  }
  return rounds;
}

async function rebuildWatched(
  services: INestApplicationContext,
  lookups: TrafficProcess,
  writes?: TrafficProcess,
  options?: RebuildOptions,
): Promise<Rebuilt> {
  await delay(BEFORE_MS / 4);
  await lookups.count();
  await delay(BEFORE_MS);
  const before = await lookups.count();
  await writes?.count();
  const busyCores = measureCores();
  const certificate = await services.get(MirrorRebuild).run(options);
  const cores = busyCores();
  const [during, written] = await Promise.all([lookups.count(), writes?.count()]);
  if (!certificate) throw new Error('Another rebuild is under way.');
  return {
    ...certificate,
    before,
    during,
    busyCores: cores,
    writesPerSecond: (written?.done ?? 0) / certificate.seconds,
    failed: during.failed + (written?.failed ?? 0),
  };
}

/** @returns what tells how many processors were at work, on average, since this was called */
function measureCores(): () => number {
  const read = () => {
    const times = cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({
      busy: user + nice + sys + irq,
      idle,
    }));
    return {
      busy: times.reduce((sum, { busy }) => sum + busy, 0),
      idle: times.reduce((sum, { idle }) => sum + idle, 0),
    };
  };
  const before = read();
  return () => {
    const after = read();
    const [busy, idle] = [after.busy - before.busy, after.idle - before.idle];
    return (cpus().length * busy) / (busy + idle);
  };
}

/** Users who look up and write, the same ones in every run. */
async function drawUsers(services: INestApplicationContext): Promise<Id[]> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const { rows } = await client.query<{ id: Id }>(
      'SELECT id FROM users ORDER BY hashint8(id), id LIMIT $1',
      [ACTIVE_USERS],
    );
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}
