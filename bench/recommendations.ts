import { Tokens } from '../src/auth/tokens.js';
import { GraphImport } from '../src/ops/graph-import.js';
import { MirrorRebuild } from '../src/relationships/mirror-rebuild.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { generateLoad, getRequest } from './harness/load.js';
import { loadGeneratedGraph } from './harness/generated-graph.js';
import { sharedData } from './harness/shared-data.js';
import { median, pairedRatio } from './harness/statistics.js';
import { Comparison, type Round } from './recommendations/comparison.js';
import { drawViewers, type Viewers } from './recommendations/viewers.js';

const ROUNDS = 3;
/** No call is to hold Redis up for longer than this; it is counted how many do. */
const LONGEST_CALL_MS = 5;

const GRAPHS: Record<string, { file: string; undirected: boolean }> = {
  medium: { file: 'graphs/soc-Epinions1_directed.tsv.gz', undirected: false },
  small: { file: 'graphs/facebook_combined.tsv.gz', undirected: true },
};

/** Whom to follow, by set algebra in Redis, against one statement in Postgres that looks at everybody. */
export const recommendations: Benchmark = {
  name: 'recommendations',
  summary: 'friends of friends from Redis, worked out anew and kept ready, against the best SQL',
  sizes: {
    medium: 'soc-Epinions1: 75,879 users, 508,837 follows',
    small: 'ego-Facebook: 4,039 users, 176,468 follows',
    large: '1,000,000 users, 10,000,000 follows, a power law',
  },
  run,
};

async function run(context: BenchContext): Promise<Report> {
  const { stack, say } = context;
  const services = await stack.services();
  await load(context);
  say('building the mirror');
  if (!(await services.get(MirrorRebuild).isReady())) await services.get(MirrorRebuild).run();
  const viewers = await drawViewers(services);
  const comparison = await Comparison.start(services);
  try {
    say('warming up');
    await comparison.round(viewers.all);
    const rounds: Round[] = [];
    const calls: number[] = [];
    for (let number = 1; number <= ROUNDS; number++) {
      await comparison.watchCalls();
      const round = await comparison.round(viewers.all);
      calls.push(...(await comparison.longCalls()));
      rounds.push(round);
      const [anew, ready, sql] = [round.anewMs, round.readyMs, round.sqlMs].map((all) =>
        median(all).toFixed(2),
      );
      say(`round ${number} of ${ROUNDS}: anew ${anew} ms, ready ${ready} ms, SQL ${sql} ms`);
    }
    return report(viewers, rounds, calls, await overHttp(context, viewers));
  } finally {
    await comparison.stop();
  }
}

/** Whole pages of the drawn viewers, profiles and names included, one at a time over one connection. */
async function overHttp({ stack }: BenchContext, { drawn }: Viewers): Promise<Series[]> {
  const tokens = (await stack.services()).get(Tokens);
  const { url } = await stack.serve({ kind: 'sluice', environment: { ROLES: 'http' } });
  const requests = drawn.map((id) =>
    getRequest('/v1/recommendations/users', tokens.access({ id, sessionId: '1' })),
  );
  const { p50Ms, p99Ms } = await generateLoad({ url, requests, connections: 1, seconds: 3 });
  return [
    single('httpP50Ms', 'a page over HTTP, 50 % within', 'ms', p50Ms),
    single('httpP99Ms', 'a page over HTTP, 99 % within', 'ms', p99Ms),
  ];
}

async function load({ stack, size, say }: BenchContext): Promise<void> {
  const services = await stack.services();
  const graph = GRAPHS[size];
  if (!graph) {
    await loadGeneratedGraph(services, { users: 1_000_000, followsPerUser: 10, seed: 1 }, say);
    return;
  }
  say('importing the graph');
  await services
    .get(GraphImport)
    .run({ file: sharedData(graph.file), undirected: graph.undirected, prefix: 'n', kind: 'friend' });
}

function report(
  { drawn, busiest, ...viewers }: Viewers,
  rounds: readonly Round[],
  calls: readonly number[],
  http: readonly Series[],
): Report {
  const first = (all: readonly number[]) => all.slice(0, drawn.length);
  const last = (all: readonly number[]) => all.slice(drawn.length);
  const [ready, ...slowerReady] = timesOf(rounds, 'readyMs', 'kept ready', first);
  const [sql, ...slowerSql] = timesOf(rounds, 'sqlMs', 'SQL', first);
  const most = `the ${busiest.length} who follow most`;
  const [{ found, sampled, wrongCounts }] = rounds as [Round];
  const count = (value: number) => value.toLocaleString('en');
  return {
    headline: ready!,
    limit: sql!,
    ratio: timesFaster(rounds, 'readyMs', first),
    others: [
      ...slowerReady,
      timesOf(rounds, 'pingMs', 'an empty command to Redis and back', first)[0]!,
      single('pingTimesFaster', 'SQL / an empty command', '', timesFaster(rounds, 'pingMs', first)),
      ...http,
      ...timesOf(rounds, 'anewMs', 'worked out anew', first),
      ...slowerSql,
      single('anewTimesFaster', 'SQL / worked out anew', '', timesFaster(rounds, 'anewMs', first)),
      ...timesOf(rounds, 'readyMs', `${most}, kept ready`, last, 'busiest'),
      ...timesOf(rounds, 'anewMs', `${most}, worked out anew`, last, 'busiest'),
      ...timesOf(rounds, 'sqlMs', `${most}, SQL`, last, 'busiest'),
      single(
        'busiestReadyTimesFaster',
        `${most}: SQL / kept ready`,
        '',
        timesFaster(rounds, 'readyMs', last),
      ),
      single(
        'busiestPingTimesFaster',
        `${most}: SQL / an empty command`,
        '',
        timesFaster(rounds, 'pingMs', last),
      ),
      single(
        'busiestAnewTimesFaster',
        `${most}: SQL / worked out anew`,
        '',
        timesFaster(rounds, 'anewMs', last),
      ),
      ...callsOf(calls),
      single('top20Found', 'share of the exact first 20 found', '', mean(first(found))),
      single('busiestTop20Found', `${most}: the same`, '', mean(last(found))),
      single('sampled', 'share of the drawn whose answer comes from a sample', '', mean(first(sampled))),
      single('wrongCounts', 'counts that are not exact', '', wrongCounts),
    ],
    data:
      `${count(viewers.users)} users, ${count(viewers.follows)} follows; ${drawn.length} viewers drawn by how many they follow, ` +
      `and ${most} (${viewers.leastOfBusiest} or more)`,
  };
}

/** How long single calls held Redis up. */
function callsOf(calls: readonly number[]): Series[] {
  return [
    single('worstRedisCallMs', 'longest call in Redis', 'ms', Math.max(0, ...calls)),
    single(
      'longRedisCalls',
      `calls of more than ${LONGEST_CALL_MS} ms`,
      '',
      calls.filter((ms) => ms > LONGEST_CALL_MS).length,
    ),
    single('redisCallsLookedAt', 'calls of more than 0.2 ms', '', calls.length),
  ];
}

type Part = (all: readonly number[]) => readonly number[];
type Times = 'anewMs' | 'readyMs' | 'pingMs' | 'sqlMs';

/** The times of a part of the viewers, as three quantiles for each round. */
function timesOf(rounds: readonly Round[], name: Times, label: string, part: Part, prefix = ''): Series[] {
  return [0.5, 0.95, 0.99].map((share) => {
    const suffix = `${name.replace('Ms', '')}P${share * 100}Ms`;
    return {
      name: prefix ? prefix + suffix.charAt(0).toUpperCase() + suffix.slice(1) : suffix,
      label: `${label}, ${share * 100} % within`,
      unit: 'ms',
      values: rounds.map((round) => quantile(part(round[name]), share)),
    };
  });
}

/** How many times as long as ours the median answer of SQL takes. */
function timesFaster(rounds: readonly Round[], ours: Times, part: Part): number {
  const medians = (name: Times) => rounds.map((round) => median(part(round[name])));
  return pairedRatio(medians('sqlMs'), medians(ours));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
