import type { INestApplicationContext } from '@nestjs/common';
import { ActivityStore } from '../src/activities/activity-store.js';
import { Tokens } from '../src/auth/tokens.js';
import type { Id } from '../src/platform/ids/ids.js';
import { delivered, publish, PUSH_ALWAYS } from './fan-out/publish.js';
import { makeNoiseAuthor } from './feed-growth/noise-author.js';
import { describeStores, type StoreSizes } from './feed-growth/store-sizes.js';
import { FILLS } from './feed-read.js';
import { FilledSystem } from './feed-read/filled-system.js';
import { countHeapFetches } from './feed-read/heap-fetches.js';
import { asking, CONNECTIONS, drawReaders, typicalPage } from './feed-read/readers.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { generateLoad, type LoadResult } from './harness/load.js';
import { median } from './harness/statistics.js';

interface Size {
  fill: keyof typeof FILLS;
  /** Rows in the feeds at each stage. */
  stages: readonly number[];
  /** Rows of one fan-out. */
  audience: number;
}

const M = 1_000_000;
const SIZES: Record<string, Size> = {
  large: { fill: 'large', stages: [M, 10 * M, 50 * M], audience: 20_000 },
  small: { fill: 'small', stages: [0.1 * M, 0.5 * M], audience: 2_000 },
};
const ROUNDS = 4;
const SECONDS = 2.5;
/** Longer, since the slowest hundredth is to be told from chance. */
const PACED_SECONDS = 3.5;
const WARM_UP_SECONDS = 4;
const FAN_OUTS = 6;
const PAGE = 20;

/** Feeds that become longer and longer, while the same readers read. */
export const feedGrowth: Benchmark = {
  name: 'feed-growth',
  summary: 'feed pages and fan-out with 50 M rows in the feeds, against 1 M',
  sizes: { large: '1 M, 10 M and 50 M rows', small: '100,000 and 500,000 rows' },
  // As Postgres's documentation has it for a server with 24 GiB: up to a quarter of it ("Resource Consumption"), and
  // checkpoints far apart ("WAL Configuration"). The embedded stack's 256 MB are made for a laptop.
  postgresSettings: { shared_buffers: '4GB', effective_cache_size: '12GB', max_wal_size: '16GB' },
  run,
};

/** What was measured while there were so many rows. */
interface Stage {
  rows: number;
  /** At the greatest rate. */
  most: LoadResult[];
  /** At half of the greatest rate of the first stage. */
  paced: LoadResult[];
  /** The same page from memory, which nothing makes slower but the machine. */
  memory: LoadResult[];
  fanOutRowsPerSecond: number[];
  sizes: StoreSizes;
  heapFetches: number;
  pagesOfIndex: number;
}

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const { fill, stages: sizes, audience } = SIZES[size]!;
  const services = await stack.services();
  const system = await FilledSystem.create(services, FILLS[fill]!, say);
  const author = await makeNoiseAuthor(services, audience);
  await system.fill(sizes[0]!, say);
  const readers = await withFullPages(services, drawReaders(system));
  const page = await typicalPage(services, readers);
  const server = await stack.serve({ kind: 'sluice', page, environment: { ...PUSH_ALWAYS, ROLES: 'http' } });
  await stack.serve({ kind: 'sluice', environment: { ...PUSH_ALWAYS, ROLES: 'worker' } });
  const target = asking(services, server.url, readers);
  const token = services.get(Tokens).access({ id: author, sessionId: '1' });
  const [feed, memory] = [target('/v1/feeds/friends'), target('/bench/page')];
  const stages: Stage[] = [];
  let pace: number | undefined;
  for (const rows of sizes) {
    if (stages.length > 0) await system.fill(rows, say);
    for (const warmedUp of [feed, memory]) await generateLoad({ ...warmedUp, seconds: WARM_UP_SECONDS });
    const stage: Stage = {
      rows: system.activities,
      most: [],
      paced: [],
      memory: [],
      fanOutRowsPerSecond: [],
      sizes: await describeStores(services),
      ...(await lookAtIndex(services, readers)),
    };
    for (let round = 0; round < ROUNDS; round++) {
      stage.most.push(await generateLoad({ ...feed, seconds: SECONDS }));
      pace ??= stage.most[0]!.perSecond / 2;
      stage.paced.push(await generateLoad({ ...feed, seconds: PACED_SECONDS, perSecond: pace }));
      stage.memory.push(await generateLoad({ ...memory, seconds: 1 }));
    }
    // The first one warms up, and does not count.
    for (let post = 0; post <= FAN_OUTS; post++) {
      const ms = await delivered(services, await publish(server.url, token));
      if (post > 0) stage.fanOutRowsPerSecond.push((audience / ms) * 1_000);
    }
    stages.push(stage);
    say(describe(stage));
  }
  return {
    ...report(stages),
    data:
      `${system.users.toLocaleString('en')} users, ${system.follows.length.toLocaleString('en')} follows, pages of ${PAGE} posts, ` +
      `${CONNECTIONS} connections, ${Math.round(pace!)} pages/s, half of the maximum; fan-outs of ${audience.toLocaleString('en')} rows`,
    notes: stages.map(describeGrowth),
  };
}

/** Those whose first page is full from the beginning: their pages stay the same, whatever is added behind them. */
async function withFullPages(
  services: INestApplicationContext,
  readers: readonly Id[],
): Promise<readonly Id[]> {
  const full: Id[] = [];
  for (const reader of readers) {
    const rows = await services.get(ActivityStore).page(reader, 'friends', undefined, PAGE + 1);
    if (rows.length > PAGE) full.push(reader);
  }
  return full;
}

async function lookAtIndex(
  services: INestApplicationContext,
  readers: readonly Id[],
): Promise<Pick<Stage, 'heapFetches' | 'pagesOfIndex'>> {
  const { fetches, buffers } = await countHeapFetches(services, readers.slice(0, 200));
  return { heapFetches: fetches, pagesOfIndex: buffers / 200 };
}

function report(stages: readonly Stage[]): Omit<Report, 'data'> {
  const [first, last] = [stages[0]!, stages.at(-1)!];
  const p99 = ({ paced }: Stage) => paced.map(({ p99Ms }) => p99Ms);
  const p50 = ({ paced }: Stage) => paced.map(({ p50Ms }) => p50Ms);
  const rates = ({ most }: Stage) => most.map(({ perSecond }) => perSecond);
  const ofMemory = ({ most, memory }: Stage) =>
    most.map(({ perSecond }, round) => perSecond / memory[round]!.perSecond);
  const growth = (of: (stage: Stage) => number[]) => median(of(last)) / median(of(first));
  const each = (name: string, label: string, unit: string, of: (stage: Stage) => number[]): Series[] =>
    stages.map((stage) => ({
      name: `${name}${millions(stage)}`,
      label: `${label}, ${millions(stage)} rows`,
      unit,
      values: of(stage),
    }));
  return {
    headline: each('p99Ms', '99 % of the pages within', 'ms', p99).at(-1)!,
    limit: each('p99Ms', '99 % of the pages within', 'ms', p99)[0]!,
    ratio: growth(p99),
    others: [
      ...each('p99Ms', '99 % of the pages within', 'ms', p99).slice(1, -1),
      ...each('p50Ms', 'half of the pages within', 'ms', p50),
      ...each('pagesPerSecond', 'pages', '1/s', rates),
      ...each('shareOfMemory', 'pages / the same from memory', '', ofMemory),
      ...each('fanOutRowsPerSecond', 'rows of a fan-out', '1/s', (stage) => stage.fanOutRowsPerSecond),
      ...each('heapFetches', 'heap fetches in 200 feed queries', '', (stage) => [stage.heapFetches]),
      single('p50Growth', 'half of the pages within, last / first', '', growth(p50)),
      single('shareOfMemoryGrowth', 'pages / from memory, first / last', '', 1 / growth(ofMemory)),
      single(
        'fanOutGrowth',
        'rows of a fan-out, first / last',
        '',
        1 / growth((stage) => stage.fanOutRowsPerSecond),
      ),
    ],
  };
}

const millions = ({ rows }: Stage): string => `${Number((rows / M).toPrecision(1))}M`;

function describe(stage: Stage): string {
  const rate = Math.round(median(stage.most.map(({ perSecond }) => perSecond)));
  const p99 = median(stage.paced.map(({ p99Ms }) => p99Ms)).toFixed(1);
  const fanOut = Math.round(median(stage.fanOutRowsPerSecond)).toLocaleString('en');
  return `${millions(stage)} rows: ${rate} pages/s, p99 ${p99} ms at half of that, fan-out ${fanOut} rows/s`;
}

function describeGrowth(stage: Stage): string {
  const { tableBytes, indexBytes, postBytes } = stage.sizes;
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  return (
    `${millions(stage)} rows: ${gib(tableBytes)} of activities, ${gib(indexBytes)} of their indexes, ${gib(postBytes)} of posts; ` +
    `${stage.pagesOfIndex.toFixed(1)} pages of the index for a page of the feed`
  );
}
