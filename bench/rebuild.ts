import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import type { Id } from '../src/platform/ids/ids.js';
import { MirrorRebuild, type RebuildCertificate } from '../src/relationships/mirror-rebuild.js';
import { MirrorVerification } from '../src/relationships/mirror-verification.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { EPINIONS, fillGraph, type FilledGraph, type GraphData, TEN_MILLION } from './harness/graph-data.js';
import { median, pairedRatio } from './harness/statistics.js';
import { dropReadySets, loadReadySets, type ReadySets, writeReadySets } from './rebuild/ready-sets.js';
import { TrafficProcess } from './rebuild/traffic.js';
import type { TrafficCount } from './rebuild/traffic-main.js';

const SIZES: Record<string, GraphData> = { medium: TEN_MILLION, small: EPINIONS };
const ROUNDS = 2;
const LOOKUPS_PER_SECOND = 200;
const WRITES_PER_SECOND = 500;
/** How long lookups are watched before a rebuild begins. */
const BEFORE_MS = 4_000;
const ACTIVE_USERS = 20_000;
const VERIFIED_USERS = 5_000;

/** The mirror built anew beside the one in use, with nobody there and with people changing the graph. */
export const rebuild: Benchmark = {
  name: 'rebuild',
  summary:
    'the mirror rebuilt from Postgres, idle and under writes, against redis-cli --pipe of the ready sets',
  sizes: {
    medium: 'generated: 1 M users, 10 M follows; takes about four minutes',
    small: 'soc-Epinions1: 75,879 users, 508,837 follows',
  },
  run,
};

/** One rebuild, and what lookups were like before and during it. */
interface Rebuilt extends RebuildCertificate {
  before: TrafficCount;
  during: TrafficCount;
  writesPerSecond: number;
  failed: number;
}

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const services = await stack.services();
  const graph = await fillGraph(services, SIZES[size]!, say);
  const users = await drawUsers(services);
  say('writing the ready file');
  const sets = await writeReadySets(services, join(stack.dataDir, 'sets.resp'));
  say('building the first mirror');
  await services.get(MirrorRebuild).run();
  const load = { kind: 'lookups', perSecond: LOOKUPS_PER_SECOND, users } as const;
  const lookups = await TrafficProcess.start(stack.environment, load);
  const setting = { follows: graph.follows, sets, users, lookups, stack, say };
  const rounds = await measure(services, setting).finally(() => lookups.stop());
  const { drift } = await services.get(MirrorVerification).run({ users: VERIFIED_USERS });
  if (drift.length > 0) throw new Error(`The mirror drifted: ${JSON.stringify(drift.slice(0, 3))}`);
  return report(graph, rounds);
}

interface Setting {
  follows: number;
  sets: ReadySets;
  users: Id[];
  lookups: TrafficProcess;
  stack: BenchContext['stack'];
  say: BenchContext['say'];
}

interface Rounds {
  loader: string;
  ready: number[];
  idle: Rebuilt[];
  busy: Rebuilt[];
}

async function measure(services: INestApplicationContext, setting: Setting): Promise<Rounds> {
  const { follows, sets, users, lookups, stack, say } = setting;
  const rounds: Rounds = { loader: '', ready: [], idle: [], busy: [] };
  const describe = ({ edges, seconds, before, during }: Rebuilt) =>
    `${Math.round(edges / seconds)}/s (p99 ${before.p99Ms.toFixed(2)} → ${during.p99Ms.toFixed(2)} ms)`;
  for (let round = 1; round <= ROUNDS; round++) {
    const { seconds, loader } = await loadReadySets(sets, stack.config.redis.graphUrl);
    rounds.loader = loader;
    rounds.ready.push(follows / seconds);
    say(`round ${round} of ${ROUNDS}: ${loader} ${Math.round(follows / seconds)}/s`);
    await dropReadySets(services);
    const idle = await rebuildWatched(services, lookups);
    rounds.idle.push(idle);
    say(`  rebuild, nobody writing: ${describe(idle)}`);
    const load = { kind: 'writes', perSecond: WRITES_PER_SECOND, users } as const;
    const writes = await TrafficProcess.start(stack.environment, load);
    const busy = await rebuildWatched(services, lookups, writes).finally(() => writes.stop());
    rounds.busy.push(busy);
    say(`  rebuild under writes: ${describe(busy)}`);
  }
  return rounds;
}

async function rebuildWatched(
  services: INestApplicationContext,
  lookups: TrafficProcess,
  writes?: TrafficProcess,
): Promise<Rebuilt> {
  await delay(BEFORE_MS / 4);
  await lookups.count();
  await delay(BEFORE_MS);
  const before = await lookups.count();
  await writes?.count();
  const certificate = await services.get(MirrorRebuild).run();
  const [during, written] = await Promise.all([lookups.count(), writes?.count()]);
  if (!certificate) throw new Error('Another rebuild is under way.');
  return {
    ...certificate,
    before,
    during,
    writesPerSecond: (written?.done ?? 0) / certificate.seconds,
    failed: during.failed + (written?.failed ?? 0),
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

function report({ users, follows }: FilledGraph, { loader, ready, idle, busy }: Rounds): Report {
  const rate = ({ edges, seconds }: Rebuilt) => edges / seconds;
  const rates = idle.map(rate);
  const series = (name: string, label: string, unit: string, values: number[]): Series => ({
    name,
    label,
    unit,
    values,
  });
  const p99 = (when: 'before' | 'during') => (one: Rebuilt) => one[when].p99Ms;
  const worse = (all: Rebuilt[]) => pairedRatio(all.map(p99('during')), all.map(p99('before')));
  const sum = (key: 'mismatches' | 'failed') => [...idle, ...busy].reduce((all, one) => all + one[key], 0);
  const slowest = [...idle, ...busy].flatMap((one) => one.slowest?.atMostMs ?? []);
  return {
    headline: series('edgesPerSecond', 'rebuild, nobody writing', '1/s', rates),
    limit: series('readyEdgesPerSecond', `${loader} of the sets alone`, '1/s', ready),
    ratio: pairedRatio(rates, ready),
    others: [
      series('busyEdgesPerSecond', `rebuild under ${WRITES_PER_SECOND} writes/s`, '1/s', busy.map(rate)),
      series(
        'writesPerSecond',
        'writes meanwhile',
        '1/s',
        busy.map((one) => one.writesPerSecond),
      ),
      single('mismatches', 'mismatches', '', sum('mismatches')),
      single('failed', 'lookups and writes that failed meanwhile', '', sum('failed')),
      single('p99Worse', 'p99 of lookups, during / before', '', worse(idle)),
      single('busyP99Worse', 'the same under writes', '', worse(busy)),
      series('p99BeforeMs', 'p99 of lookups before', 'ms', idle.map(p99('before'))),
      series('p99DuringMs', 'p99 of lookups during a rebuild', 'ms', idle.map(p99('during'))),
      series('busyP99BeforeMs', 'p99 under writes before', 'ms', busy.map(p99('before'))),
      series('busyP99DuringMs', 'p99 under writes during a rebuild', 'ms', busy.map(p99('during'))),
      series('slowestMs', 'slowest command of Redis meanwhile, at most', 'ms', slowest),
      single('seconds', 'a rebuild', 's', median(idle.map((one) => one.seconds))),
    ],
    data:
      `${users.toLocaleString('en')} users, ${follows.toLocaleString('en')} follows; ` +
      `${LOOKUPS_PER_SECOND} lookups/s from a process of their own`,
  };
}
