import type pg from 'pg';
import { STREAMS } from '../src/activities/activity.js';
import { ShardRouter } from '../src/platform/database/shards.js';
import { sqlFile } from '../src/platform/database/sql.js';
import { ColdRelation } from './covering-index/cold-reads.js';
import { type Layout, makeScatteredTable } from './covering-index/scattered-table.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { Random } from './harness/random.js';
import { median } from './harness/statistics.js';

const SIZES: Record<string, Layout> = {
  large: { rows: 10_000_000, recipients: 20_000 },
  small: { rows: 1_000_000, recipients: 10_000 },
};
const USERS = 200;
const WARM_READS = 5;
const PAGE = 21;
const LAST_ID = '9223372036854775807';

const streamPage = sqlFile(import.meta.url, '../src/activities/sql/stream-page.sql');

/** What the feed query of each user took, in milliseconds, and how much it had to read. */
interface Reads {
  cold: number[];
  warm: number[];
  /** Pages that it touched. */
  pages: number[];
  heapFetches: number;
}

interface Plan {
  'Execution Time': number;
  Plan: PlanNode;
}

interface PlanNode {
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  'Heap Fetches'?: number;
  'Node Type': string;
  Plans?: PlanNode[];
}

/**
 * The feed query on a table that is laid out badly: with an index that finds a recipient's rows, one that also has them in
 * order (the unique key alone), and one that covers the query.
 */
export const coveringIndex: Benchmark = {
  name: 'covering-index',
  summary: 'the feed query on a table of scattered rows, with a covering index against lesser ones',
  sizes: { large: '10 M rows of 20,000 users', small: '1 M rows of 10,000 users' },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const layout = SIZES[size]!;
  const services = await stack.services();
  const client = await services.get(ShardRouter).shards[0]!.dedicatedClient();
  try {
    say(`scattering ${layout.rows.toLocaleString('en')} rows`);
    const table = await makeScatteredTable(client, layout);
    const random = new Random(5);
    const users = Array.from({ length: USERS }, () => 1 + random.below(layout.recipients));
    await client.query(
      `PREPARE feed (bigint, smallint, bigint, bigint, bigint, bigint) AS ${streamPage.text.replaceAll(/\bactivities\b/g, table)}`,
    );
    const measureWith = async (columns: string): Promise<Reads> => {
      await client.query(`CREATE INDEX bench_index ON ${table} (${columns})`);
      const reads = await measure(client, [table, 'bench_index'], users);
      await client.query('DROP INDEX bench_index');
      say(`${columns}: ${mean(reads.cold).toFixed(2)} ms cold, ${mean(reads.warm).toFixed(3)} ms warm`);
      return reads;
    };
    const unordered = await measureWith('recipient_id');
    const without = await measureWith('recipient_id, stream, entry_id');
    const covered = await measureWith('recipient_id, stream, entry_id, kind, actor_id, subject_id');
    return report(layout, unordered, without, covered);
  } finally {
    await client.end();
  }
}

async function measure(
  client: pg.Client,
  relations: readonly string[],
  users: readonly number[],
): Promise<Reads> {
  await client.query('CHECKPOINT');
  const cold = await Promise.all(relations.map((name) => ColdRelation.find(client, name)));
  const reads: Reads = { cold: [], warm: [], pages: [], heapFetches: 0 };
  for (const user of users) {
    for (const relation of cold) await relation.forget();
    const first = await explain(client, user);
    reads.cold.push(first['Execution Time']);
    reads.pages.push(first.Plan['Shared Hit Blocks'] + first.Plan['Shared Read Blocks']);
    reads.heapFetches += sum(nodesOf(first.Plan).map((node) => node['Heap Fetches'] ?? 0));
  }
  for (const user of users) {
    const again: number[] = [];
    for (let read = 0; read < WARM_READS; read++) again.push((await explain(client, user))['Execution Time']);
    reads.warm.push(median(again));
  }
  return reads;
}

async function explain(client: pg.Client, user: number): Promise<Plan> {
  const { rows } = await client.query<{ 'QUERY PLAN': [Plan] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE feed (${user}, ${STREAMS.friends}, ${LAST_ID}, 32767, ${LAST_ID}, ${PAGE})`,
  );
  return rows[0]!['QUERY PLAN'][0];
}

function report(layout: Layout, unordered: Reads, without: Reads, covered: Reads): Report {
  const gains = (key: 'cold' | 'warm', before = without) =>
    before[key].map((ms, user) => ms / covered[key][user]!);
  const series = (name: string, label: string, unit: string, values: readonly number[]): Series => ({
    name,
    label,
    unit,
    values,
  });
  const [coldGains, warmGains] = [gains('cold'), gains('warm')];
  const unorderedGains = gains('cold', unordered);
  return {
    headline: series('coveredColdMs', 'feed query, covered, cold', 'ms', covered.cold),
    limit: series('narrowColdMs', 'unique key alone, cold', 'ms', without.cold),
    ratio: mean(coldGains),
    others: [
      series('coveredWarmMs', 'covered, warm', 'ms', covered.warm),
      series('narrowWarmMs', 'unique key alone, warm', 'ms', without.warm),
      series('coveredPages', 'pages it touches, covered', '', covered.pages),
      series('narrowPages', 'pages it touches, unique key alone', '', without.pages),
      single('coldMeanGain', 'mean gain of a user, cold', '×', mean(coldGains)),
      single(
        'coldWorstUserGain',
        'gain of the user who had it worst, cold',
        '×',
        gainOfWorst(without.cold, coldGains),
      ),
      single('coldLeastGain', 'least gain of any user, cold', '×', Math.min(...coldGains)),
      single('warmMeanGain', 'mean gain of a user, warm', '×', mean(warmGains)),
      single(
        'warmWorstUserGain',
        'gain of the user who had it worst, warm',
        '×',
        gainOfWorst(without.warm, warmGains),
      ),
      series('unorderedColdMs', 'an index on the recipient alone, cold', 'ms', unordered.cold),
      series('unorderedWarmMs', 'an index on the recipient alone, warm', 'ms', unordered.warm),
      series('unorderedPages', 'pages it touches, recipient alone', '', unordered.pages),
      single('unorderedMeanGain', 'mean gain over that, cold', '×', mean(unorderedGains)),
      single(
        'unorderedWorstUserGain',
        'gain of the user who had that worst, cold',
        '×',
        gainOfWorst(unordered.cold, unorderedGains),
      ),
      single('unorderedWarmMeanGain', 'mean gain over that, warm', '×', mean(gains('warm', unordered))),
      single('heapFetches', 'heap fetches, covered', '', covered.heapFetches),
    ],
    data:
      `${layout.rows.toLocaleString('en')} rows of ${layout.recipients.toLocaleString('en')} users, interleaved, half of them ` +
      `deleted, vacuumed and refilled; pages of ${PAGE} rows, ${USERS} users`,
    notes: [
      'The ratio is the mean over the users of how many times faster their query is, cold.',
      "Cold: the pages of table and index are neither in Postgres's cache nor in the system's, for each query anew.",
    ],
  };
}

/** What the slowest query before came to gain. */
function gainOfWorst(before: readonly number[], gains: readonly number[]): number {
  return gains[before.indexOf(Math.max(...before))]!;
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
