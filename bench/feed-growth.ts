import type { Id } from '../src/platform/ids/ids.js';
import { type IndexUse, Installation, type Pace, PACES } from './feed-growth/installation.js';
import { FILLS } from './feed-read.js';
import { CONNECTIONS } from './feed-read/readers.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { generateLoad, type LoadResult, type Target } from './harness/load.js';
import { median, pairedRatio } from './harness/statistics.js';

interface Size {
  fill: keyof typeof FILLS;
  /** Rows in the feeds of each installation. */
  rows: readonly number[];
  /** Rows of one fan-out. */
  audience: number;
}

const M = 1_000_000;
const SIZES: Record<string, Size> = {
  large: { fill: 'large', rows: [M, 10 * M, 50 * M], audience: 20_000 },
  small: { fill: 'small', rows: [0.1 * M, 0.5 * M], audience: 2_000 },
};
/** Each with new processes: how often one collects garbage, for one, is settled by how its first minute went. */
const SITTINGS = 3;
/** Of each sitting. */
const ROUNDS = 3;
const SECONDS = 2.5;
/** More, since one pause of the machine decides what the slowest hundredth of a round is. */
const PACED_ROUNDS = 11;
const PACED_SECONDS = 1.5;
const WARM_UP_SECONDS = 6;
const FAN_OUTS = 9;
const PAGE = 20;

/** Installations that differ in how long their feeds are, read by the same readers in turn. */
export const feedGrowth: Benchmark = {
  name: 'feed-growth',
  summary: 'feed pages and fan-out with 50 M rows in the feeds, against 1 M',
  sizes: { large: '1 M, 10 M and 50 M rows', small: '100,000 and 500,000 rows' },
  // As Postgres's documentation has it for a server with 24 GiB: up to a quarter of it ("Resource Consumption"), and
  // checkpoints far apart ("WAL Configuration"). The embedded stack's 256 MB are made for a laptop.
  postgresSettings: { shared_buffers: '4GB', effective_cache_size: '12GB', max_wal_size: '16GB' },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const { fill, rows: sizes, audience } = SIZES[size]!;
  const installations: Installation[] = [];
  for (const rows of sizes) {
    say(`making an installation with ${rows.toLocaleString('en')} rows`);
    const own = installations.length === 0 ? stack : await stack.another();
    installations.push(await Installation.create(own, { graph: FILLS[fill]!, rows, audience }, say));
  }
  const readers = await drawSameReaders(installations);
  const indexUses = await Promise.all(installations.map((one, index) => one.indexUse(readers[index]!)));
  const greatest = await readFeeds(installations, readers, say);
  await writeFeeds(installations);
  const { users, follows } = installations[0]!.system;
  return {
    ...report(installations, indexUses),
    data:
      `${users.toLocaleString('en')} users, ${follows.length.toLocaleString('en')} follows, ` +
      `pages of ${PAGE} posts, ${CONNECTIONS} connections, a maximum of ${Math.round(greatest)} pages/s; ` +
      `fan-outs of ${audience.toLocaleString('en')} rows`,
    notes: await Promise.all(installations.map((one, index) => describeGrowth(one, indexUses[index]!))),
  };
}

/** For each installation, its ids of the same people: those whose first page is full, and so the same, in all of them. */
async function drawSameReaders(installations: readonly Installation[]): Promise<Id[][]> {
  const drawn = await Promise.all(installations.map((one) => one.readers(PAGE)));
  const isFull = drawn[0]!.map((_, place) => drawn.every((readers) => readers[place]!.hasFullPage));
  return drawn.map((readers) => readers.filter((_, place) => isFull[place]).map(({ id }) => id));
}

/** First as fast as they are answered, then all at the same paces. @returns the greatest rate of the first one, in pages per second */
async function readFeeds(
  installations: readonly Installation[],
  readers: readonly (readonly Id[])[],
  say: (line: string) => void,
): Promise<number> {
  const [first] = installations;
  let greatest: number | undefined;
  for (let sitting = 1; sitting <= SITTINGS; sitting++) {
    const targets: { one: Installation; feeds: Target }[] = [];
    for (const [index, one] of installations.entries()) {
      await one.serve();
      targets.push({ one, feeds: await one.feedsOf(readers[index]!) });
    }
    for (const { feeds } of targets) await generateLoad({ ...feeds, seconds: WARM_UP_SECONDS });
    for (let round = 0; round < ROUNDS; round++)
      for (const { one, feeds } of targets)
        one.measured.most.push(await generateLoad({ ...feeds, seconds: SECONDS }));
    greatest ??= median(first!.measured.most.map(({ perSecond }) => perSecond));
    for (let round = 0; round < PACED_ROUNDS; round++) {
      // Each is as often the first as the last.
      targets.reverse();
      for (const pace of Object.keys(PACES) as Pace[])
        for (const { one, feeds } of targets) {
          const load = { ...feeds, seconds: PACED_SECONDS, perSecond: greatest * PACES[pace] };
          one.measured[pace].push(await generateLoad(load));
        }
    }
    for (const one of installations) say(`sitting ${sitting} of ${SITTINGS}: ${describeSitting(one)}`);
  }
  return greatest!;
}

/** The last one. */
function describeSitting({ label, measured: { most, half, quarter } }: Installation): string {
  const rate = Math.round(median(most.slice(-ROUNDS).map(({ perSecond }) => perSecond)));
  const p99 = (paced: readonly LoadResult[]) =>
    median(paced.slice(-PACED_ROUNDS).map(({ p99Ms }) => p99Ms)).toFixed(1);
  return `${label} rows ${rate}/s, p99 ${p99(half)} ms at half of the maximum, ${p99(quarter)} ms at a quarter`;
}

async function writeFeeds(installations: readonly Installation[]): Promise<void> {
  // The first one warms up, and does not count.
  for (const one of installations) {
    await one.work();
    await one.fanOut();
  }
  for (let post = 0; post < FAN_OUTS; post++)
    for (const one of installations) one.measured.fanOutRowsPerSecond.push(await one.fanOut());
}

function report(
  installations: readonly Installation[],
  indexUses: readonly IndexUse[],
): Omit<Report, 'data'> {
  const [first, last] = [installations[0]!, installations.at(-1)!];
  const p99 =
    (pace: Pace) =>
    ({ measured }: Installation) =>
      measured[pace].map(({ p99Ms }) => p99Ms);
  const p50 =
    (pace: Pace) =>
    ({ measured }: Installation) =>
      measured[pace].map(({ p50Ms }) => p50Ms);
  const rates = ({ measured }: Installation) => measured.most.map(({ perSecond }) => perSecond);
  const fanOuts = ({ measured }: Installation) => measured.fanOutRowsPerSecond;
  const each = (name: string, label: string, unit: string, of: (one: Installation) => number[]): Series[] =>
    installations.map((one) => ({
      name: `${name}${one.label}`,
      label: `${label}, ${one.label} rows`,
      unit,
      values: of(one),
    }));
  const mostFetches = Math.max(...indexUses.map(({ heapFetches }) => heapFetches));
  const byMedians = (of: (one: Installation) => number[]) => median(of(last)) / median(of(first));
  const growth = (of: (one: Installation) => number[]) => pairedRatio(of(last), of(first));
  const slowest = each('halfP99Ms', '99 % within, at half of the maximum', 'ms', p99('half'));
  return {
    headline: slowest.at(-1)!,
    limit: slowest[0]!,
    ratio: growth(p99('half')),
    others: [
      ...slowest.slice(1, -1),
      ...each('quarterP99Ms', '99 % within, at a quarter', 'ms', p99('quarter')),
      ...each('halfP50Ms', 'half within, at half of the maximum', 'ms', p50('half')),
      ...each('quarterP50Ms', 'half within, at a quarter', 'ms', p50('quarter')),
      ...each('pagesPerSecond', 'pages', '1/s', rates),
      ...each('fanOutRowsPerSecond', 'rows of a fan-out', '1/s', fanOuts),
      single('heapFetches', 'heap fetches in 200 feed queries', '', mostFetches),
      single(
        'halfP99MedianGrowth',
        '99 % within at half, last / first by the medians',
        '',
        byMedians(p99('half')),
      ),
      single('quarterP99Growth', '99 % within at a quarter, last / first', '', growth(p99('quarter'))),
      single(
        'quarterP99MedianGrowth',
        '99 % within at a quarter, last / first by the medians',
        '',
        byMedians(p99('quarter')),
      ),
      single('halfP50Growth', 'half within at half, last / first', '', growth(p50('half'))),
      single('quarterP50Growth', 'half within at a quarter, last / first', '', growth(p50('quarter'))),
      single('pagesGrowth', 'pages, first / last', '', 1 / growth(rates)),
      single('fanOutGrowth', 'rows of a fan-out, first / last', '', 1 / growth(fanOuts)),
    ],
  };
}

async function describeGrowth(one: Installation, { pagesOfIndex }: IndexUse): Promise<string> {
  const { tableBytes, indexBytes, postBytes } = await one.sizes();
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  return (
    `${one.label} rows: ${gib(tableBytes)} of activities, ${gib(indexBytes)} of their indexes, ${gib(postBytes)} of posts; ` +
    `${pagesOfIndex.toFixed(1)} pages of the index for a page of the feed`
  );
}
