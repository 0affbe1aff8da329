import { ShardRouter } from '../src/platform/database/shards.js';
import { BUCKET_COUNT } from '../src/platform/database/buckets.js';
import { firstIdAt, type Id } from '../src/platform/ids/ids.js';
import { type Benchmark, type BenchContext, type Report, type Series } from './harness/benchmark.js';
import { Random } from './harness/random.js';
import { pairedRatio } from './harness/statistics.js';
import { Layout } from './partitions/layout.js';

const SIZES: Record<string, { recipients: number; earlier: number }> = {
  medium: { recipients: 20_000, earlier: 60 },
  small: { recipients: 10_000, earlier: 10 },
  large: { recipients: 100_000, earlier: 60 },
};
const LAYOUTS = [0, 1, 16, BUCKET_COUNT, 256];
const CHUNK = 5_000;
const INSERT_ROUNDS = 15;
const READ_ROUNDS = 15;
const READS = 1_000;

/** What it costs that the activities lie in partitions. */
export const partitions: Benchmark = {
  name: 'partitions',
  summary: 'inserts and feed reads with 1, 16, 64 and 256 buckets on one shard, against one plain table',
  sizes: {
    medium: '20,000 recipients with 60 rows each',
    small: '10,000 with 10',
    large: '100,000 with 60',
  },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const { recipients: count, earlier } = SIZES[size]!;
  const shard = (await stack.services()).get(ShardRouter).shards[0]!;
  const layouts: Layout[] = [];
  try {
    for (const buckets of LAYOUTS) layouts.push(await Layout.create(shard, buckets));
    const recipients = inventedIds(count);
    say(`writing ${earlier} earlier posts to each of ${layouts.length} layouts`);
    for (let post = 0; post < earlier; post++) await insertInTurn(layouts, recipients, post);
    for (const layout of layouts) await layout.settle();
    // The round before the first one warms up, and does not count.
    const inserts = await measure('insert', INSERT_ROUNDS, say, (round) =>
      insertInTurn(layouts, recipients, earlier + round),
    );
    for (const layout of layouts) await layout.settle();
    const random = new Random(1);
    const reads = await measure('read', READ_ROUNDS, say, (round) =>
      readInTurn(layouts, recipients, random, round),
    );
    return report(inserts, reads, `${count} recipients with ${earlier} rows each, chunks of ${CHUNK}`);
  } finally {
    await Promise.all(layouts.map((layout) => layout.close()));
  }
}

/** Rates of each layout by round. */
type Rates = ReadonlyMap<number, number[]>;

async function measure(
  what: string,
  rounds: number,
  say: (line: string) => void,
  act: (round: number) => Promise<Map<number, number>>,
): Promise<Rates> {
  const rates = new Map(LAYOUTS.map((buckets) => [buckets, [] as number[]]));
  await act(0);
  for (let round = 1; round <= rounds; round++) {
    const figures = await act(round);
    for (const [buckets, rate] of figures) rates.get(buckets)!.push(rate);
    const line = LAYOUTS.map((buckets) => `${nameOf(buckets)} ${Math.round(figures.get(buckets)!)}/s`);
    say(`${what} ${round} of ${rounds}: ${line.join(', ')}`);
  }
  return rates;
}

/** One post for everybody, in each layout. @returns rows per second by layout */
async function insertInTurn(
  layouts: readonly Layout[],
  recipients: readonly Id[],
  post: number,
): Promise<Map<number, number>> {
  const entryId = firstIdAt(new Date(Date.UTC(2026, 0, 1, 0, post)));
  const rates = new Map<number, number>();
  for (const layout of rotated(layouts, post)) {
    const began = performance.now();
    for (let from = 0; from < recipients.length; from += CHUNK)
      await layout.insert(recipients.slice(from, from + CHUNK), entryId);
    rates.set(layout.buckets, (recipients.length / (performance.now() - began)) * 1_000);
  }
  return rates;
}

/** First pages of the same recipients, in each layout. @returns pages per second by layout */
async function readInTurn(
  layouts: readonly Layout[],
  recipients: readonly Id[],
  random: Random,
  round: number,
): Promise<Map<number, number>> {
  const readers = Array.from({ length: READS }, () => random.pick(recipients));
  const rates = new Map<number, number>();
  for (const layout of rotated(layouts, round)) {
    const began = performance.now();
    for (const reader of readers)
      if ((await layout.read(reader)) === 0) throw new Error('A feed is empty that is not.');
    rates.set(layout.buckets, (READS / (performance.now() - began)) * 1_000);
  }
  return rates;
}

/** Nobody is always the first, nor always behind the same other one. */
const rotated = (layouts: readonly Layout[], round: number): Layout[] => {
  const turned = layouts.map((_, index) => layouts[(index + round) % layouts.length]!);
  return round % 2 === 0 ? turned : turned.reverse();
};

function report(inserts: Rates, reads: Rates, data: string): Report {
  const rate = (rates: Rates, verb: string, what: string, buckets: number): Series => ({
    name: `${verb}sPerSecond${buckets === 0 ? 'Plain' : buckets}`,
    label: `${what}, ${nameOf(buckets)}`,
    unit: '1/s',
    values: rates.get(buckets)!,
  });
  const ratio = (rates: Rates, verb: string, buckets: number): Series => ({
    name: `${verb}Ratio${buckets}`,
    label: `${verb}s with ${buckets} over those with none, by round`,
    unit: '',
    values: rates.get(buckets)!.map((value, round) => value / rates.get(0)![round]!),
  });
  const others = LAYOUTS.filter((buckets) => buckets > 0);
  return {
    headline: rate(inserts, 'insert', 'rows inserted', BUCKET_COUNT),
    limit: rate(inserts, 'insert', 'rows inserted', 0),
    ratio: pairedRatio(inserts.get(BUCKET_COUNT)!, inserts.get(0)!),
    others: [
      ...LAYOUTS.map((buckets) => rate(reads, 'read', 'pages read', buckets)),
      ...others.map((buckets) => ratio(inserts, 'insert', buckets)),
      ...others.map((buckets) => ratio(reads, 'read', buckets)),
    ],
    data,
    notes: [
      'one connection; all buckets of a layout on one shard; a read names the partition, an insert does not',
    ],
  };
}

const nameOf = (buckets: number): string => (buckets === 0 ? 'plain' : `${buckets} buckets`);

/** Ids as accounts get them: a few a second. */
function inventedIds(count: number): Id[] {
  const start = Date.UTC(2026, 0, 1);
  return Array.from({ length: count }, (_, number) => firstIdAt(new Date(start + number * 300)));
}
