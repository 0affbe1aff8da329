import type { INestApplicationContext } from '@nestjs/common';
import pLimit from 'p-limit';
import { Gate } from '../src/fanout/gate.js';
import { PendingPosts } from '../src/fanout/pending-posts.js';
import { Posts } from '../src/posts/posts.js';
import { describeFill, FILL_MEANINGS, FILLS } from './feed-read.js';
import { countStatements, measureCosts } from './feed-read/costs.js';
import { FilledSystem } from './feed-read/filled-system.js';
import { asking, CONNECTIONS, drawReaders } from './feed-read/readers.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { generateLoad, type LoadResult } from './harness/load.js';
import { Random } from './harness/random.js';
import { pairedRatio } from './harness/statistics.js';
import { until } from './harness/until.js';

const POSTS = 1_000;
const ROUNDS = 5;
const SECONDS = 3;
/** Of each, as in `feed-read`. */
const WARM_UP_SECONDS = 12;
const PUBLISHING = 8;
const BY = 'the benchmark';

/** Pages of the friends feed while nothing is written into feeds, and posts wait. */
export const feedReadClosed: Benchmark = {
  name: 'feed-read-closed',
  summary: 'feed-read with the gate closed and 1,000 posts on their way, against the gate open and none',
  sizes: FILL_MEANINGS,
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const options = FILLS[size]!;
  const services = await stack.services();
  const system = await FilledSystem.create(services, options, say);
  await system.fill(options.activities, say);
  await countStatements(services);
  const server = await stack.serve({ kind: 'sluice', environment: { ROLES: 'http' } });
  await stack.serve({ kind: 'sluice', environment: { ROLES: 'worker' } });
  const feed = asking(services, server.url, drawReaders(system))('/v1/feeds/friends');
  const random = new Random(3);
  const measure = () => generateLoad({ ...feed, seconds: SECONDS });
  const open: LoadResult[] = [];
  const closed: LoadResult[] = [];
  let costs: Series[] = [];
  await generateLoad({ ...feed, seconds: WARM_UP_SECONDS });
  for (let round = 1; round <= ROUNDS; round++) {
    open.push(await measure());
    await services.get(Gate).close({ reason: 'to see what it costs', by: BY });
    await publish(services, system, random);
    const pending = (await services.get(PendingPosts).list()).posts.length;
    if (pending !== POSTS) throw new Error(`${pending} posts are on their way, not ${POSTS}.`);
    // What the first reads after a change have to find out is shared by those that follow.
    await generateLoad({ ...feed, seconds: round === 1 ? WARM_UP_SECONDS : 0.5 });
    closed.push(await measure());
    if (round === ROUNDS) costs = await measureCosts(services, server, async () => (await measure()).answers);
    await services.get(Gate).open(BY);
    await until(
      'the posts are delivered',
      async () => (await services.get(PendingPosts).list()).posts.length === 0,
    );
    say(`round ${round} of ${ROUNDS}: open ${figure(open)}, closed ${figure(closed)}`);
  }
  return report(system, open, closed, costs);
}

/** Posts by authors who are drawn by how many follow them. */
async function publish(
  services: INestApplicationContext,
  { follows }: FilledSystem,
  random: Random,
): Promise<void> {
  const limit = pLimit(PUBLISHING);
  const authors = Array.from({ length: POSTS }, () => random.pick(follows).subject);
  await Promise.all(
    authors.map((author) =>
      limit(() => services.get(Posts).publish(author, { body: 'Posted before a closed gate.' })),
    ),
  );
}

function report(
  system: FilledSystem,
  open: readonly LoadResult[],
  closed: readonly LoadResult[],
  costs: readonly Series[],
): Report {
  const series = (
    name: string,
    label: string,
    unit: string,
    all: readonly LoadResult[],
    key: keyof LoadResult,
  ) => ({
    name,
    label,
    unit,
    values: all.map((one) => one[key]),
  });
  const headline = series('closedPagesPerSecond', 'feed pages, gate closed', '1/s', closed, 'perSecond');
  const limit = series('openPagesPerSecond', 'feed pages, gate open', '1/s', open, 'perSecond');
  return {
    headline,
    limit,
    ratio: pairedRatio(headline.values, limit.values),
    others: [
      series('closedP50Ms', 'half of them within, gate closed', 'ms', closed, 'p50Ms'),
      series('openP50Ms', 'half of them within, gate open', 'ms', open, 'p50Ms'),
      series('closedP99Ms', '99 % of them within, gate closed', 'ms', closed, 'p99Ms'),
      series('openP99Ms', '99 % of them within, gate open', 'ms', open, 'p99Ms'),
      ...costs,
      single('pendingPosts', 'posts on their way while it was closed', '', POSTS),
    ],
    data: `${describeFill(system)}; ${CONNECTIONS} connections; what parts spend was measured with the gate closed`,
  };
}

const figure = (rounds: readonly LoadResult[]): string => `${Math.round(rounds.at(-1)!.perSecond)}/s`;
