import type { INestApplicationContext } from '@nestjs/common';
import { Tokens } from '../src/auth/tokens.js';
import { FeedReader } from '../src/feeds/feed-reader.js';
import type { Id } from '../src/platform/ids/ids.js';
import { countStatements, measureCosts } from './feed-read/costs.js';
import { type FilledSystem, type FillOptions, fillSystem } from './feed-read/filled-system.js';
import { countHeapFetches } from './feed-read/heap-fetches.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { generateLoad, getRequest, type LoadResult, measureInTurn, type Target } from './harness/load.js';
import { Random } from './harness/random.js';
import { sharedData } from './harness/shared-data.js';
import { pairedRatio } from './harness/statistics.js';

const CONNECTIONS = 64;
const READERS = 4_096;

const epinions = { graph: 'graphs/soc-Epinions1_directed.tsv.gz', undirected: false };
const facebook = { graph: 'graphs/facebook_combined.tsv.gz', undirected: true };
const SIZES: Record<string, FillOptions> = {
  medium: { ...epinions, activities: 1_000_000 },
  small: { ...facebook, activities: 200_000 },
  large: { ...epinions, activities: 8_000_000 },
};

/** Pages of the friends feed over HTTP, and what keeps them from being as fast as a page from memory. */
export const feedRead: Benchmark = {
  name: 'feed-read',
  summary:
    'first pages of the friends feed over HTTP, against the same page from memory behind the same guards',
  sizes: {
    medium: '75,879 users, 1 M rows in the feeds',
    small: '4,039 users, 200,000 rows',
    large: '75,879 users, 8 M rows',
  },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const options = SIZES[size]!;
  const graph = sharedData(options.graph);
  const services = await stack.services();
  const system = await fillSystem(services, { ...options, graph }, say);
  await countStatements(services);
  const readers = drawReaders(system);
  const page = await typicalPage(services, readers);
  const server = await stack.serve({ kind: 'sluice', page, environment: { ROLES: 'http' } });
  const tokens = readers.map((id) => services.get(Tokens).access({ id, sessionId: '1' }));
  const target = (path: string): Target => ({
    url: server.url,
    requests: tokens.map((token) => getRequest(path, token)),
    connections: CONNECTIONS,
  });
  const feed = target('/v1/feeds/friends');
  const results = await measureInTurn(
    { feed, memory: target('/bench/page'), object: target('/bench/object') },
    { rounds: 5, seconds: 3, warmUpSeconds: 3 },
    say,
  );
  const oneRound = async () => (await generateLoad({ ...feed, seconds: 3 })).answers;
  const costs = await measureCosts(services, server, oneRound);
  const fetches = await countHeapFetches(services, readers.slice(0, 200));
  const heapFetches = single('heapFetches', 'heap fetches in 200 feed queries', '', fetches);
  return report(system, page, results, [...costs, heapFetches]);
}

/** Readers, drawn by how many they follow, as often as they come up. */
function drawReaders({ owners }: FilledSystem): Id[] {
  const random = new Random(2);
  return Array.from({ length: READERS }, () => random.pick(owners));
}

/** The page of median length among some readers' first pages, as it goes over the wire. */
async function typicalPage(services: INestApplicationContext, readers: readonly Id[]): Promise<string> {
  const pages: string[] = [];
  for (const reader of readers.slice(0, 101))
    pages.push(JSON.stringify(await services.get(FeedReader).page(reader, 'friend', { limit: 20 })));
  pages.sort((a, b) => a.length - b.length);
  return pages[pages.length >> 1]!;
}

function report(
  system: FilledSystem,
  page: string,
  results: Record<'feed' | 'memory' | 'object', LoadResult[]>,
  others: Series[],
): Report {
  const series = (name: string, label: string, unit: string, all: LoadResult[], key: keyof LoadResult) => ({
    name,
    label,
    unit,
    values: all.map((one) => one[key]),
  });
  const headline = series('pagesPerSecond', 'feed pages', '1/s', results.feed, 'perSecond');
  const limit = series('memoryPagesPerSecond', 'from memory', '1/s', results.memory, 'perSecond');
  const object = series(
    'objectPagesPerSecond',
    'from an object in memory',
    '1/s',
    results.object,
    'perSecond',
  );
  const { users, follows, posts, activities } = system;
  const count = (value: number) => value.toLocaleString('en');
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
    data:
      `${count(users)} users, ${count(follows)} follows, ${count(posts)} posts, ${count(activities)} rows in the feeds; ` +
      `pages of ${count(Buffer.byteLength(page))} bytes, ${CONNECTIONS} connections`,
  };
}
