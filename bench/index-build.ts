import { setTimeout as delay } from 'node:timers/promises';
import { ActivityStore } from '../src/activities/activity-store.js';
import { IndexBuilds } from '../src/ops/index-builds.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { Random } from './harness/random.js';
import { pairedRatio } from './harness/statistics.js';
import { fillShards } from './index-build/filled-shards.js';
import { readMeanwhile } from './index-build/paced-reads.js';
import { SteadyPosts } from './index-build/steady-posts.js';

interface Size {
  rows: number;
  recipients: number;
  rounds: number;
}

const SIZES: Record<string, Size> = {
  large: { rows: 10_000_000, recipients: 20_000, rounds: 2 },
  small: { rows: 1_000_000, recipients: 10_000, rounds: 3 },
};
const ROWS_PER_SECOND = 2_000;
const BEFORE_SECONDS = 5;
const PAGE = 20;
const INDEX = {
  name: 'bench_covering',
  columns: ['recipient_id', 'stream', 'entry_id desc', 'kind', 'actor_id'],
  include: ['subject_id'],
  by: 'the benchmark',
};

/** What one way of building comes to, in each round. */
interface Way {
  seconds: number[];
  p99Ms: number[];
  /** Posts that were accepted while it was built. */
  posts: number[];
  drainSeconds: number[];
}

/** An index built while people post: behind the closed gate, and past an open one. */
export const indexBuild: Benchmark = {
  name: 'index-build',
  summary:
    'a covering index on 10 M rows while 2,000 rows a second are to be written: gate closed, against CONCURRENTLY',
  sizes: { large: '10 M rows on two shards', small: '1 M rows' },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const { rows, recipients: recipientCount, rounds } = SIZES[size]!;
  const services = await stack.services();
  say(`writing ${rows.toLocaleString('en')} rows`);
  const recipients = await fillShards(services, rows, recipientCount);
  const server = await stack.serve({ kind: 'sluice' });
  const posts = await SteadyPosts.prepare(services, server.url);
  const store = services.get(ActivityStore);
  const builds = services.get(IndexBuilds);
  const random = new Random(4);
  const read = () => store.page(random.pick(recipients), 'friends', undefined, PAGE);

  const build = async (concurrently: boolean, way: Way) => {
    const before = posts.accepted;
    const { p99Ms, result } = await readMeanwhile(read, async () => {
      const began = performance.now();
      const { id, finished } = await builds.start({ ...INDEX, concurrently });
      await finished;
      const seconds = (performance.now() - began) / 1_000;
      return { seconds, build: await builds.find(id) };
    });
    if (result.build.state !== 'done')
      throw new Error(`The index was not built: ${JSON.stringify(result.build)}`);
    way.seconds.push(result.seconds);
    way.p99Ms.push(p99Ms);
    way.posts.push(posts.accepted - before);
    way.drainSeconds.push(await posts.delivered());
    await (
      await builds.start({ drop: INDEX.name, by: INDEX.by })
    ).finished;
    await posts.delivered();
    say(
      `${concurrently ? 'CONCURRENTLY' : 'gate closed'}: ${result.seconds.toFixed(1)} s, reads' p99 ${p99Ms.toFixed(1)} ms`,
    );
  };

  const closed: Way = { seconds: [], p99Ms: [], posts: [], drainSeconds: [] };
  const open: Way = { seconds: [], p99Ms: [], posts: [], drainSeconds: [] };
  const before: number[] = [];
  posts.start(ROWS_PER_SECOND);
  for (let round = 0; round < rounds; round++) {
    before.push((await readMeanwhile(read, () => delay(BEFORE_SECONDS * 1_000))).p99Ms);
    await build(false, closed);
    await build(true, open);
  }
  posts.stop();
  await posts.delivered();
  return report(size, closed, open, before, await posts.missingRows());
}

function report(size: string, closed: Way, open: Way, before: number[], missing: number): Report {
  const { rows, recipients } = SIZES[size]!;
  const series = (name: string, label: string, unit: string, values: readonly number[]): Series => ({
    name,
    label,
    unit,
    values,
  });
  return {
    headline: series('closedSeconds', 'gate closed, from asking to opened', 's', closed.seconds),
    limit: series('concurrentlySeconds', 'CONCURRENTLY, gate open', 's', open.seconds),
    ratio: pairedRatio(open.seconds, closed.seconds),
    others: [
      series('readsBeforeP99Ms', '99 % of feed queries within, before', 'ms', before),
      series('readsClosedP99Ms', '… while it is built, gate closed', 'ms', closed.p99Ms),
      series('readsOpenP99Ms', '… while it is built, CONCURRENTLY', 'ms', open.p99Ms),
      series('waitingPosts', 'posts that came in while the gate was closed', '', closed.posts),
      series('drainSeconds', 'until the last of them was delivered', 's', closed.drainSeconds),
      series('openLagSeconds', 'the same after CONCURRENTLY', 's', open.drainSeconds),
      single('missingRows', 'rows that are missing in the end', '', missing),
    ],
    data:
      `${rows.toLocaleString('en')} rows of ${recipients.toLocaleString('en')} recipients on 2 shards, ` +
      `${ROWS_PER_SECOND.toLocaleString('en')} rows/s posted, 400 feed queries/s asked for`,
    notes: ['The ratio says how many times faster it is behind the closed gate than CONCURRENTLY.'],
  };
}
