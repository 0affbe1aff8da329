import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import pLimit from 'p-limit';
import { Tokens } from '../src/auth/tokens.js';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import { ShardRouter } from '../src/platform/database/shards.js';
import type { Id } from '../src/platform/ids/ids.js';
import { makeCelebrity } from './celebrity/followers.js';
import { countRows } from './fan-out/count-rows.js';
import { delivered, publish, type Published } from './fan-out/publish.js';
import { describeFill, FILLS } from './feed-read.js';
import { FilledSystem } from './feed-read/filled-system.js';
import { asking, CONNECTIONS, drawReaders } from './feed-read/readers.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { generateLoad, type LoadResult } from './harness/load.js';
import { median, pairedRatio } from './harness/statistics.js';

interface Size {
  fill: keyof typeof FILLS;
  followers: number;
  environment: Record<string, string>;
}

const SIZES: Record<string, Size> = {
  million: { fill: 'medium', followers: 1_000_000, environment: {} },
  small: { fill: 'small', followers: 50_000, environment: { PULL_AUDIENCE: '25000' } },
};
const POSTS = 6;
const ROUNDS = 11;
const SECONDS = 3;
/** How many followers look after each post, and how many at a time. */
const LOOKING = 200;
const AT_A_TIME = 16;
/** By then every process has read the list of pulled authors anew. */
const HEARD_MS = 2_500;

/** Posts by somebody whom very many follow, merged into feeds when these are read. */
export const celebrity: Benchmark = {
  name: 'celebrity',
  summary:
    'posts by an author with 1,000,000 followers: until they are seen, what is written, and what their readers pay, against none',
  sizes: { million: '1,000,000 followers', small: '50,000' },
  run,
};

/** What became of one post. */
interface Appearance {
  /** From asking for it to the 201, in milliseconds. */
  acceptedMs: number;
  /** From asking for it until the last of those who looked had it in their feed. */
  seenMs: number;
  /** How many looked for it in vain after the 201. */
  inVain: number;
}

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const { fill, followers, environment } = SIZES[size]!;
  const services = await stack.services();
  const system = await FilledSystem.create(services, FILLS[fill]!, say);
  await system.fill(FILLS[fill]!.activities, say);
  const readers = drawReaders(system);
  say(`making ${followers.toLocaleString('en')} followers`);
  const { author, sample } = await makeCelebrity(services, followers, LOOKING * POSTS);
  const server = await stack.serve({ kind: 'sluice', environment: { ...environment, ROLES: 'http' } });
  await stack.serve({ kind: 'sluice', environment: { ...environment, ROLES: 'worker' } });

  const posts: Published[] = [];
  const appearances: Appearance[] = [];
  for (let post = 0; post < POSTS; post++) {
    const looking = sample.slice(post * LOOKING, (post + 1) * LOOKING);
    const { published, appearance } = await publishAndLook(services, server.url, author, looking);
    posts.push(published);
    appearances.push(appearance);
    say(`post ${post + 1} of ${POSTS}: seen by all who looked within ${appearance.seenMs.toFixed(0)} ms`);
    await delivered(services, published);
  }
  const rowsWritten = await countWritten(services, posts);

  const feed = asking(services, server.url, readers)('/v1/feeds/friends');
  await generateLoad({ ...feed, seconds: SECONDS });
  const { perSecond: most } = await generateLoad({ ...feed, seconds: SECONDS });
  const measure = () => generateLoad({ ...feed, seconds: SECONDS, perSecond: most / 2 });
  const without: LoadResult[] = [];
  const withPosts: LoadResult[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    await setPulled(services, author, false);
    without.push(await measure());
    await setPulled(services, author, true);
    withPosts.push(await measure());
    const figures = [without, withPosts].map((all) => `${all.at(-1)!.p99Ms.toFixed(1)} ms`);
    say(`round ${round} of ${ROUNDS}: p99 without ${figures[0]}, with ${figures[1]}`);
  }
  return {
    ...report(appearances, without, withPosts, rowsWritten),
    data:
      `${describeFill(system)}; ${followers.toLocaleString('en')} followers, ${POSTS} posts; ${CONNECTIONS} connections, ` +
      `reads at ${Math.round(most / 2)}/s, half of the maximum`,
    notes: [
      'all readers follow the author; without: the same readers while none of the posts is in their feeds',
    ],
  };
}

async function publishAndLook(
  services: INestApplicationContext,
  url: string,
  author: Id,
  looking: readonly Id[],
): Promise<{ published: Published; appearance: Appearance }> {
  const tokenOf = (id: Id) => services.get(Tokens).access({ id, sessionId: '1' });
  const began = performance.now();
  const published = await publish(url, tokenOf(author));
  const acceptedMs = performance.now() - began;
  let inVain = 0;
  const limit = pLimit(AT_A_TIME);
  const look = async (follower: Id) => {
    while (!(await newestOf(url, tokenOf(follower))).includes(published.id)) {
      inVain++;
      await delay(1);
    }
  };
  await Promise.all(looking.map((follower) => limit(() => look(follower))));
  return { published, appearance: { acceptedMs, seenMs: performance.now() - began, inVain } };
}

/** Ids of the first few posts of somebody's feed. */
async function newestOf(url: string, token: string): Promise<Id[]> {
  const answer = await fetch(new URL('/v1/feeds/friends?limit=3', url), {
    headers: { authorization: `Bearer ${token}` },
  });
  if (answer.status !== 200) throw new Error(`A feed was answered with ${answer.status}.`);
  return ((await answer.json()) as { data: { id: Id }[] }).data.map(({ id }) => id);
}

/** Rows of the posts on all shards: as their receipts have it, and as counted. */
async function countWritten(
  services: INestApplicationContext,
  posts: readonly Published[],
): Promise<{ byReceipt: number; counted: number }> {
  const ids = posts.map(({ id }) => id);
  const statement = {
    name: 'bench_written',
    text: 'SELECT coalesce(sum(written), 0)::int AS rows FROM fanouts WHERE post_id = ANY ($1::bigint[])',
  };
  const [row] = await services.get(PrimaryDatabase).query<{ rows: number }>(statement, [ids]);
  const counts = await Promise.all(services.get(ShardRouter).shards.map((shard) => countRows(shard, ids)));
  return { byReceipt: row!.rows, counted: counts.reduce((sum, count) => sum + count, 0) };
}

/** Puts the author's posts into feeds, or takes them out of them; nobody else is pulled. */
async function setPulled(services: INestApplicationContext, author: Id, isPulled: boolean): Promise<void> {
  await services
    .get(PrimaryDatabase)
    .query(
      isPulled
        ? { name: 'bench_pull', text: `INSERT INTO pulled_authors (author_id, state) VALUES ($1, 'pulled')` }
        : { name: 'bench_do_not_pull', text: 'DELETE FROM pulled_authors WHERE author_id = $1' },
      [author],
    );
  await delay(HEARD_MS);
}

function report(
  appearances: readonly Appearance[],
  without: readonly LoadResult[],
  withPosts: readonly LoadResult[],
  rowsWritten: { byReceipt: number; counted: number },
): Omit<Report, 'data'> {
  const series = (name: string, label: string, unit: string, values: readonly number[]): Series => ({
    name,
    label,
    unit,
    values,
  });
  const p99 = (all: readonly LoadResult[]) => all.map(({ p99Ms }) => p99Ms);
  const p50 = (all: readonly LoadResult[]) => all.map(({ p50Ms }) => p50Ms);
  const seen = appearances.map(({ seenMs }) => seenMs);
  const inVain = appearances.reduce((sum, appearance) => sum + appearance.inVain, 0);
  return {
    headline: series('withP99Ms', 'their readers’ feeds, 99 % within', 'ms', p99(withPosts)),
    limit: series('withoutP99Ms', 'without the posts, 99 % within', 'ms', p99(without)),
    ratio: pairedRatio(p99(withPosts), p99(without)),
    others: [
      series('withP50Ms', 'their readers’ feeds, half within', 'ms', p50(withPosts)),
      series('withoutP50Ms', 'without the posts, half within', 'ms', p50(without)),
      single('medianRatio', 'half within, with / without', '', median(p50(withPosts)) / median(p50(without))),
      series(
        'acceptedMs',
        'a post, until the 201',
        'ms',
        appearances.map(({ acceptedMs }) => acceptedMs),
      ),
      series('seenMs', `a post, until ${LOOKING} followers have read it`, 'ms', seen),
      single('slowestSeenMs', 'the slowest of these', 'ms', Math.max(...seen)),
      single('inVain', 'reads after the 201 that did not have it', '', inVain),
      single('rowsWritten', 'rows written, by the receipts', '', rowsWritten.byReceipt),
      single('rowsCounted', 'rows written, counted on the shards', '', rowsWritten.counted),
    ],
  };
}
