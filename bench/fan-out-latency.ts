import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Tokens } from '../src/auth/tokens.js';
import { ShardRouter } from '../src/platform/database/shards.js';
import type { Id } from '../src/platform/ids/ids.js';
import { type Audience, makeAudience, makeSmallAuthor } from './fan-out/audience.js';
import { delivered, isDelivered, publish, type Published, PUSH_ALWAYS } from './fan-out/publish.js';
import { type Benchmark, type BenchContext, type Report, single } from './harness/benchmark.js';
import { pairedRatio, quantile } from './harness/statistics.js';

interface Size {
  large: number;
  small: number;
  posts: number;
}

const SIZES: Record<string, Size> = {
  million: { large: 1_000_000, small: 1_000, posts: 100 },
  small: { large: 200_000, small: 1_000, posts: 20 },
};
const ROUNDS = 4;
/** Between two posts, in milliseconds, in turn: some right after another, some after a while. */
const PAUSES = [0, 20, 5, 80, 10, 40];

/** Posts for few while one for very many is being written. */
export const fanOutLatency: Benchmark = {
  name: 'fan-out-latency',
  summary:
    'a post to 1,000 followers, from the 201 to the last feed, while one to 1,000,000 is written, against idle',
  sizes: { million: 'a post to 1,000,000 behind it', small: '200,000' },
  run,
};

interface Round {
  latencies: number[];
  posts: Id[];
}

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const { large, small, posts } = SIZES[size]!;
  const services = await stack.services();
  say(`making ${large} followers`);
  const many = await makeAudience(services, large);
  const few = await makeSmallAuthor(services, many, small);
  const server = await stack.serve({ kind: 'sluice', environment: PUSH_ALWAYS });
  const tokenOf = ({ author }: Audience) => services.get(Tokens).access({ id: author, sessionId: '1' });
  const [manyToken, fewToken] = [tokenOf(many), tokenOf(few)];
  const measure = (whileNotDone?: Published) => series(services, server.url, fewToken, posts, whileNotDone);
  const idle: Round[] = [];
  const busy: Round[] = [];
  const rates: number[] = [];
  // The round before the first one warms up, and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const calm = await measure();
    const behind = await publish(server.url, manyToken);
    const beside = await measure(behind);
    const seconds = (await delivered(services, behind)) / 1_000;
    if (round === 0) continue;
    idle.push(calm);
    busy.push(beside);
    rates.push(large / seconds);
    const figures = [calm, beside].map(({ latencies }) => `${quantile(latencies, 0.99).toFixed(0)} ms`);
    say(`round ${round} of ${ROUNDS}: idle ${figures[0]}, beside ${figures[1]} (p99)`);
  }
  const missing = await countMissing(
    services,
    few,
    [...idle, ...busy].flatMap((round) => round.posts),
  );
  const at = (rounds: Round[], share: number) => rounds.map(({ latencies }) => quantile(latencies, share));
  const [idle99, busy99] = [at(idle, 0.99), at(busy, 0.99)];
  const all = (rounds: Round[]) => rounds.flatMap(({ latencies }) => latencies);
  return {
    headline: {
      name: 'besideP99Ms',
      label: 'while the large one is written, 99 % within',
      unit: 'ms',
      values: busy99,
    },
    limit: { name: 'idleP99Ms', label: 'idle, 99 % within', unit: 'ms', values: idle99 },
    ratio: pairedRatio(busy99, idle99),
    others: [
      {
        name: 'besideP50Ms',
        label: 'while the large one is written, half within',
        unit: 'ms',
        values: at(busy, 0.5),
      },
      { name: 'idleP50Ms', label: 'idle, half within', unit: 'ms', values: at(idle, 0.5) },
      single('besideAllP99Ms', 'of all rounds together, 99 % within', 'ms', quantile(all(busy), 0.99)),
      single('idleAllP99Ms', 'of all rounds together, idle, 99 % within', 'ms', quantile(all(idle), 0.99)),
      { name: 'largeRowsPerSecond', label: 'rows of the large one, all in all', unit: '1/s', values: rates },
      single('missingRows', 'rows that are missing', '', missing),
    ],
    data:
      `${posts} posts a round to ${small.toLocaleString('en')} followers on 2 shards, ` +
      `beside one to ${large.toLocaleString('en')}`,
  };
}

/** Publishes posts one after another; given another one, only as long as that is not delivered. */
async function series(
  services: INestApplicationContext,
  url: string,
  token: string,
  count: number,
  whileNotDone?: Published,
): Promise<Round> {
  const round: Round = { latencies: [], posts: [] };
  for (let n = 0; n < count; n++) {
    await delay(PAUSES[n % PAUSES.length]);
    const post = await publish(url, token);
    const latency = await delivered(services, post);
    if (whileNotDone && (await isDelivered(services, whileNotDone))) {
      if (n < count / 2)
        throw new Error('The large post was delivered too soon to measure anything beside it.');
      break;
    }
    round.latencies.push(latency);
    round.posts.push(post.id);
  }
  return round;
}

async function countMissing(
  services: INestApplicationContext,
  { followers }: Audience,
  posts: readonly Id[],
): Promise<number> {
  const text = `SELECT count(*)::int AS rows FROM activities
    WHERE recipient_id = ANY ($1::bigint[]) AND stream = 1 AND entry_id = ANY ($2::bigint[])`;
  const ids = followers.map(({ id }) => id);
  const counts = await Promise.all(
    services
      .get(ShardRouter)
      .shards.map((shard) => shard.query<{ rows: number }>({ name: 'bench_count_few', text }, [ids, posts])),
  );
  return followers.length * posts.length - counts.reduce((sum, [row]) => sum + row!.rows, 0);
}
