import type { INestApplicationContext } from '@nestjs/common';
import { Tokens } from '../src/auth/tokens.js';
import { ShardRouter } from '../src/platform/database/shards.js';
import { firstIdAt, type Id } from '../src/platform/ids/ids.js';
import { makeAudience } from './fan-out/audience.js';
import { CopiedRows } from './fan-out/copied-rows.js';
import { delivered, publish, PUSH_ALWAYS } from './fan-out/publish.js';
import { type Benchmark, type BenchContext, type Report, single } from './harness/benchmark.js';
import { pairedRatio } from './harness/statistics.js';

const SIZES: Record<string, number> = { medium: 100_000, small: 20_000, large: 500_000 };
const ROUNDS = 7;
/** Posts that lie in everybody's feed before the first round, so that the indexes are no empty ones. */
const EARLIER_POSTS = 10;

/** One post by somebody whom very many follow. */
export const fanOut: Benchmark = {
  name: 'fan-out',
  summary: 'one post to 100,000 followers on two shards, against COPY of the same rows into the same table',
  sizes: { medium: '100,000 followers', small: '20,000', large: '500,000' },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const followers = SIZES[size]!;
  const services = await stack.services();
  say(`making ${followers} followers`);
  const audience = await makeAudience(services, followers);
  const sessions = stack.config.fanout.concurrency;
  const copied = new CopiedRows(services, audience, sessions);
  say('writing earlier posts, building the mirror');
  for (let post = 0; post < EARLIER_POSTS; post++) await copied.write(inventedPost(post));
  const server = await stack.serve({ kind: 'sluice', environment: PUSH_ALWAYS });
  const token = services.get(Tokens).access({ id: audience.author, sessionId: '1' });
  const rates: number[] = [];
  const limits: number[] = [];
  let missing = 0;
  // The round before the first one warms up both sides, and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const post = await publish(server.url, token);
    const seconds = (await delivered(services, post)) / 1_000;
    const copySeconds = await copied.write(inventedPost(EARLIER_POSTS + round));
    missing += followers - (await countRows(services, post.id));
    if (round === 0) continue;
    rates.push(followers / seconds);
    limits.push(followers / copySeconds);
    const figures = [rates, limits].map((all) => `${Math.round(all.at(-1)!)}/s`);
    say(`round ${round} of ${ROUNDS}: fan-out ${figures[0]}, COPY ${figures[1]}`);
  }
  return {
    headline: { name: 'rowsPerSecond', label: 'rows, from the 201 to the last', unit: '1/s', values: rates },
    limit: { name: 'copyRowsPerSecond', label: 'COPY', unit: '1/s', values: limits },
    ratio: pairedRatio(rates, limits),
    others: [
      {
        name: 'lastRowMs',
        label: 'until the last row can be read',
        unit: 'ms',
        values: rates.map((rate) => (followers / rate) * 1_000),
      },
      single('missingRows', 'rows that are missing', '', missing),
    ],
    data:
      `${followers.toLocaleString('en')} followers on 2 shards, ${EARLIER_POSTS} earlier posts in each feed; ` +
      `${sessions} sessions a shard`,
  };
}

async function countRows(services: INestApplicationContext, postId: Id): Promise<number> {
  const statement = {
    name: 'bench_count_rows',
    text: 'SELECT count(*)::int AS rows FROM activities WHERE entry_id = $1',
  };
  const { shards } = services.get(ShardRouter);
  const counts = await Promise.all(shards.map((shard) => shard.query<{ rows: number }>(statement, [postId])));
  return counts.reduce((sum, [row]) => sum + row!.rows, 0);
}

/** Ids of posts that nobody wrote: a minute apart, long before those of the rounds. */
function inventedPost(number: number): Id {
  return firstIdAt(new Date(Date.UTC(2026, 0, 1, 0, number)));
}
