import { GraphImport } from '../src/ops/graph-import.js';
import { MirrorRebuild } from '../src/relationships/mirror-rebuild.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
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
    return report(viewers, rounds, calls);
  } finally {
    await comparison.stop();
  }
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

function report(viewers: Viewers, rounds: readonly Round[], calls: readonly number[]): Report {
  const { drawn, busiest } = viewers;
  const ofDrawn = (all: readonly number[]) => all.slice(0, drawn.length);
  const ofBusiest = (all: readonly number[]) => all.slice(drawn.length);
  const times = (
    name: 'anewMs' | 'readyMs' | 'sqlMs',
    label: string,
    share: number,
    suffix: string,
  ): Series => ({
    name: name.replace('Ms', `${suffix}Ms`),
    label: `${label}, ${suffix.slice(1)} % within`,
    unit: 'ms',
    values: rounds.map((round) => quantile(ofDrawn(round[name]), share)),
  });
  const faster = (
    name: string,
    label: string,
    part: (all: readonly number[]) => readonly number[],
    ours: 'anewMs' | 'readyMs',
  ) =>
    single(
      name,
      label,
      '',
      pairedRatio(
        rounds.map((round) => median(part(round.sqlMs))),
        rounds.map((round) => median(part(round[ours]))),
      ),
    );
  const ready = times('readyMs', 'kept ready', 0.5, 'P50');
  const sql = times('sqlMs', 'SQL', 0.5, 'P50');
  const quality = rounds[0]!;
  return {
    headline: ready,
    limit: sql,
    ratio: pairedRatio(sql.values, ready.values),
    others: [
      times('readyMs', 'kept ready', 0.95, 'P95'),
      times('readyMs', 'kept ready', 0.99, 'P99'),
      times('anewMs', 'worked out anew', 0.5, 'P50'),
      times('anewMs', 'worked out anew', 0.95, 'P95'),
      times('anewMs', 'worked out anew', 0.99, 'P99'),
      times('sqlMs', 'SQL', 0.95, 'P95'),
      times('sqlMs', 'SQL', 0.99, 'P99'),
      faster('anewTimesFaster', 'SQL / worked out anew', ofDrawn, 'anewMs'),
      faster(
        'busiestReadyTimesFaster',
        `the ${busiest.length} who follow most: SQL / kept ready`,
        ofBusiest,
        'readyMs',
      ),
      faster(
        'busiestAnewTimesFaster',
        `the ${busiest.length} who follow most: SQL / worked out anew`,
        ofBusiest,
        'anewMs',
      ),
      single(
        'busiestReadyP99Ms',
        'the same, kept ready, 99 % within',
        'ms',
        quantile(ofBusiest(rounds[0]!.readyMs), 0.99),
      ),
      single(
        'busiestAnewP99Ms',
        'the same, worked out anew, 99 % within',
        'ms',
        quantile(ofBusiest(rounds[0]!.anewMs), 0.99),
      ),
      single('worstRedisCallMs', 'longest call in Redis', 'ms', Math.max(0, ...calls)),
      single(
        'redisCallP999Ms',
        '99.9 % of the calls of more than 0.2 ms within',
        'ms',
        quantile(calls, 0.999),
      ),
      single(
        'longRedisCalls',
        `calls of more than ${LONGEST_CALL_MS} ms`,
        '',
        calls.filter((ms) => ms > LONGEST_CALL_MS).length,
      ),
      single('top20Found', 'share of the exact first 20 found', '', mean(ofDrawn(quality.found))),
      single('busiestTop20Found', 'the same of those who follow most', '', mean(ofBusiest(quality.found))),
      single(
        'sampled',
        'share of the drawn whose answer comes from a sample',
        '',
        mean(ofDrawn(quality.sampled)),
      ),
      single('wrongCounts', 'counts that are not exact', '', quality.wrongCounts),
    ],
    data: `${viewers.users.toLocaleString('en')} users, ${viewers.follows.toLocaleString('en')} follows; ${drawn.length} viewers drawn by how many they follow, and the ${busiest.length} who follow most (${viewers.leastOfBusiest} or more)`,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
