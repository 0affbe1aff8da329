import { countStatements, measureCosts } from './feed-read/costs.js';
import { FilledSystem, type GraphOptions } from './feed-read/filled-system.js';
import { countHeapFetches } from './feed-read/heap-fetches.js';
import { asking, CONNECTIONS, drawReaders, typicalPage } from './feed-read/readers.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { generateLoad, type LoadResult, measureInTurn, type Target } from './harness/load.js';
import { median, pairedRatio } from './harness/statistics.js';

const epinions = { graph: 'graphs/soc-Epinions1_directed.tsv.gz', undirected: false };
const facebook = { graph: 'graphs/facebook_combined.tsv.gz', undirected: true };
/** Sizes of what is read. */
export const FILLS: Record<string, GraphOptions & { activities: number }> = {
  large: { ...epinions, activities: 10_000_000 },
  medium: { ...epinions, activities: 1_000_000 },
  small: { ...facebook, activities: 200_000 },
};
export const FILL_MEANINGS = {
  large: '75,879 users, 10 M rows in the feeds',
  medium: '75,879 users, 1 M rows',
  small: '4,039 users, 200,000 rows',
};

const ROUNDS = 7;
const PACED_ROUNDS = 3;
const SECONDS = 3;
/** By then readers have read several times, and V8 has optimised what they run: pages become faster for some ten seconds. */
const WARM_UP_SECONDS = 12;

/** Pages of the friends feed over HTTP, and what keeps them from being as fast as a page from memory. */
export const feedRead: Benchmark = {
  name: 'feed-read',
  summary:
    'first pages of the friends feed over HTTP, against the same page from memory behind the same guards',
  sizes: FILL_MEANINGS,
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const options = FILLS[size]!;
  const services = await stack.services();
  const system = await FilledSystem.create(services, options, say);
  await system.fill(options.activities, say);
  await countStatements(services);
  const readers = drawReaders(system);
  const page = await typicalPage(services, readers);
  const server = await stack.serve({ kind: 'sluice', page, environment: { ROLES: 'http' } });
  const target = asking(services, server.url, readers);
  const feed = target('/v1/feeds/friends');
  const results = await measureInTurn(
    { feed, memory: target('/bench/page'), object: target('/bench/object') },
    { rounds: ROUNDS, seconds: SECONDS, warmUpSeconds: WARM_UP_SECONDS },
    say,
  );
  const oneRound = async () => (await generateLoad({ ...feed, seconds: SECONDS })).answers;
  const costs = await measureCosts(services, server, oneRound);
  const paced = await atHalf(
    feed,
    results.feed.map(({ perSecond }) => perSecond),
  );
  const { fetches, plan } = await countHeapFetches(services, readers.slice(0, 200));
  const heapFetches = single('heapFetches', 'heap fetches in 200 feed queries', '', fetches);
  return {
    ...report(results, [...paced, ...costs, heapFetches]),
    data: `${describeFill(system)}; pages of ${count(Buffer.byteLength(page))} bytes, ${CONNECTIONS} connections`,
    notes: [`EXPLAIN (ANALYZE) of the feed query: ${plan}`],
  };
}

/** What people notice: how long pages take while half as many are asked for as could be answered. */
async function atHalf(feed: Target, rates: readonly number[]): Promise<Series[]> {
  const rounds: LoadResult[] = [];
  const perSecond = median(rates) / 2;
  for (let round = 0; round < PACED_ROUNDS; round++)
    rounds.push(await generateLoad({ ...feed, seconds: SECONDS, perSecond }));
  return [
    series('halfP50Ms', 'half of them within, at half of that rate', 'ms', rounds, 'p50Ms'),
    series('halfP99Ms', '99 % of them within, at half of that rate', 'ms', rounds, 'p99Ms'),
  ];
}

function report(
  results: Record<'feed' | 'memory' | 'object', LoadResult[]>,
  others: Series[],
): Omit<Report, 'data'> {
  const headline = series('pagesPerSecond', 'feed pages', '1/s', results.feed, 'perSecond');
  const limit = series('memoryPagesPerSecond', 'from memory', '1/s', results.memory, 'perSecond');
  const object = series(
    'objectPagesPerSecond',
    'from an object in memory',
    '1/s',
    results.object,
    'perSecond',
  );
  return {
    headline,
    limit,
    ratio: pairedRatio(headline.values, limit.values),
    others: [
      object,
      single('ratioToObject', 'feed pages / from an object', '', pairedRatio(headline.values, object.values)),
      series('p50Ms', 'half of the feed pages within', 'ms', results.feed, 'p50Ms'),
      series('p99Ms', '99 % of the feed pages within', 'ms', results.feed, 'p99Ms'),
      ...others,
      series('generatorLoad', 'load generator', 'cores', results.feed, 'generatorLoad'),
      series('limitGeneratorLoad', 'load generator at the limit', 'cores', results.memory, 'generatorLoad'),
    ],
  };
}

/** What there is, in words. */
export function describeFill({ users, follows, posts, activities }: FilledSystem): string {
  return (
    `${count(users)} users, ${count(follows.length)} follows, ${count(posts)} posts, ` +
    `${count(activities)} rows in the feeds`
  );
}

function series(
  name: string,
  label: string,
  unit: string,
  all: readonly LoadResult[],
  key: keyof LoadResult,
): Series {
  return { name, label, unit, values: all.map((one) => one[key]) };
}

const count = (value: number) => value.toLocaleString('en');
