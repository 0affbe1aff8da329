import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { ActivityStore } from '../src/activities/activity-store.js';
import type { Recipient } from '../src/activities/activity.js';
import { Gate } from '../src/fanout/gate.js';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import { findRedisProgram, RedisServer } from '../src/platform/embedded/redis-server.js';
import { settleServerHome } from '../src/platform/embedded/server-home.js';
import type { Id } from '../src/platform/ids/ids.js';
import { MirrorRebuild } from '../src/relationships/mirror-rebuild.js';
import { each, Meters, perSecond, type Used } from './costs/meters.js';
import { Population } from './costs/population.js';
import { report, type Waiting } from './costs/report.js';
import { bytesEach, tableSizes } from './costs/table-sizes.js';
import type { Benchmark, BenchContext, Report } from './harness/benchmark.js';

/** Of each, how many; every post goes to as many as everybody follows. */
const SIZES: Record<string, { users: number; follows: number; posts: number; reads: number; held: number }> =
  {
    medium: { users: 1_000, follows: 20, posts: 8_000, reads: 3_000, held: 2_000 },
    small: { users: 400, follows: 20, posts: 4_000, reads: 1_000, held: 1_000 },
  };
/** Written past HTTP at the end, to weigh rows in tables that are no longer new: so many to each of these recipients. */
const WEIGHED: Record<string, { recipients: number; each: number }> = {
  medium: { recipients: 5_000, each: 400 },
  small: { recipients: 5_000, each: 100 },
};
const IDLE_MS = 4_000;

/** What each thing costs wherever it goes, from which the needs of an installation follow (docs/scaling.md). */
export const costs: Benchmark = {
  name: 'costs',
  summary: 'bytes and operations that a user, a follow, a post and an activity cost, in every store',
  sizes: {
    medium: '1,000 users, 20,000 follows, 8,000 posts, 160,000 activities',
    small: '400 users, 8,000 follows, 4,000 posts, 80,000 activities',
  },
  run,
};

async function run(context: BenchContext): Promise<Report> {
  const queue = await startQueueRedis(context.stack.dataDir);
  try {
    // Before any service or server is started: the queues get a Redis of their own, so that each can be told apart.
    context.stack.environment.QUEUE_REDIS_URL = queue.url;
    return await measure(context, queue.url);
  } finally {
    await queue.stop();
  }
}

async function measure({ stack, size, say }: BenchContext, queueUrl: string): Promise<Report> {
  const { users, follows, posts, reads, held } = SIZES[size]!;
  const services = await stack.services();
  await services.get(MirrorRebuild).run();
  // What looks after the mirror in the background would be counted with everything.
  const server = await stack.serve({ kind: 'sluice', environment: { AUDIT_USERS_PER_SECOND: '0' } });
  const people = new Population(services, server.url);
  const meters = new Meters(services, server, stack.environment.REDIS_URL!, queueUrl);
  const idle = await settledAnd(meters, () => delay(IDLE_MS)).then(([before, after]) =>
    perSecond(before, after),
  );
  const phase = async (label: string, count: number, act: () => Promise<void>): Promise<Used> => {
    say(label);
    const [before, after] = await settledAnd(meters, () => act().then(() => people.drained()));
    return each(before, after, count, idle);
  };
  try {
    const half = users / 2;
    await phase(`${half} people sign up`, half, () => people.signUp(half));
    const empty = await tableSizes(services);
    const signUp = await phase(`${half} more sign up`, half, () => people.signUp(half));
    const signedUp = await tableSizes(services);
    const follow = await phase('they follow each other', users * follows, () => people.follow(follows));
    const followed = await tableSizes(services);
    await phase(`they write ${posts / 2} posts`, posts / 2, () => people.post(posts / 2));
    const begun = await tableSizes(services);
    const post = await phase(`they write ${posts / 2} more`, posts / 2, () => people.post(posts / 2));
    const posted = await tableSizes(services);
    const love = await phase('they love some', reads, async () =>
      people.love(await postIds(services, reads)),
    );
    const sizes = {
      user: bytesEach(empty.user, signedUp.user),
      follow: bytesEach(signedUp.follow, followed.follow),
      post: bytesEach(begun.post, posted.post),
      receipt: bytesEach(begun.receipt, posted.receipt),
      love: bytesEach(posted.love, (await tableSizes(services)).love),
      activities: posted.activity.rows,
    };
    const read = await phase(`they read ${reads} pages`, reads, () => people.readFeeds(reads));
    say(`${held} posts wait behind a closed gate`);
    const waiting = await holdBack(services, meters, people, held);
    await people.drained();
    say('more activities are written, to weigh them');
    const weighed = { ...sizes, activity: await weighActivities(services, WEIGHED[size]!) };
    return report({ signUp, follow, post, love, read, waiting, sizes: weighed, idle, data: SIZES[size]! });
  } finally {
    await meters.close();
  }
}

/** Two readings, around something and what follows from it. */
async function settledAnd(meters: Meters, act: () => Promise<unknown>): Promise<[Used, Used]> {
  const before = await meters.read();
  await act();
  return [before, await meters.read()];
}

async function postIds(services: INestApplicationContext, count: number): Promise<Id[]> {
  const text = 'SELECT id FROM posts ORDER BY id LIMIT $1';
  const rows = await services.get(PrimaryDatabase).query<{ id: Id }>({ name: 'bench_ids', text }, [count]);
  return rows.map(({ id }) => id);
}

/** @returns the bytes that each row of the second half adds */
async function weighActivities(
  services: INestApplicationContext,
  { recipients, each: posts }: { recipients: number; each: number },
): Promise<number> {
  const audience = Array.from({ length: recipients }, (_, i): Recipient => ({
    id: String((i + 1) * 4_194_304),
    stream: 'friends',
  }));
  const write = async (from: number, to: number) => {
    for (let post = from; post < to; post++) {
      const id = String(post * 4_194_304);
      const event = { kind: 'post', entryId: id, actorId: String(post % 997), subjectId: id } as const;
      const { refused } = await services.get(ActivityStore).write(event, audience);
      if (refused.length > 0) throw new Error('A shard refused rows.');
    }
  };
  await write(1, posts / 2 + 1);
  const half = await tableSizes(services);
  await write(posts / 2 + 1, posts + 1);
  return bytesEach(half.activity, (await tableSizes(services)).activity);
}

/** What a post costs for as long as it waits: a row in the outbox, and a job in the queue. */
async function holdBack(
  services: INestApplicationContext,
  meters: Meters,
  people: Population,
  count: number,
): Promise<Waiting> {
  const outbox = {
    name: 'bench_outbox_bytes',
    text: `SELECT pg_total_relation_size('outbox')::float8 AS bytes`,
  };
  const outboxBytes = async () =>
    (await services.get(PrimaryDatabase).query<{ bytes: number }>(outbox))[0]!.bytes;
  await emptyOutbox(services);
  await services.get(Gate).close({ reason: 'measuring what waits', by: 'the benchmark' });
  const [bytesBefore, before] = [await outboxBytes(), await meters.read()];
  await people.post(count);
  // The last ones are still on their way into the queue.
  await delay(2_000);
  const [bytesAfter, after] = [await outboxBytes(), await meters.read()];
  await services.get(Gate).open('the benchmark');
  return {
    outboxBytes: (bytesAfter - bytesBefore) / count,
    jobBytes: (after.queueBytes - before.queueBytes) / count,
  };
}

/** Gives back the room of rows that are done, so that new ones have to take their own. */
async function emptyOutbox(services: INestApplicationContext): Promise<void> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  await client.query('VACUUM FULL outbox');
  await client.end();
}

async function startQueueRedis(dataDir: string): Promise<RedisServer> {
  const folder = join(dataDir, 'queue');
  await mkdir(folder);
  const home = await settleServerHome(await realpath(folder), () => undefined);
  return RedisServer.start(home, {
    program: await findRedisProgram(),
    password: 'for-benchmarks-alone',
    durable: false,
  });
}
