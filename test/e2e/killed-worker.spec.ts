import { Redis } from 'ioredis';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from '../support/client.js';
import { importFollowers } from '../support/followers.js';
import { ProductProcess } from '../support/processes.js';
import { keysUnder } from '../support/redis-keys.js';
import { connectTo } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';

const FOLLOWERS = 10_000;
const CHUNK_SIZE = 20;
const PATIENCE = { timeout: 90_000, interval: 10 };

/** One process takes the requests, two carry out the jobs; these are killed, and the queue's Redis is wiped. */
describe('when workers are killed and the queue is lost', () => {
  let environment: TestEnvironment;
  let http: ProductProcess;
  let author: Client;
  let primary: pg.Client;
  let shards: pg.Client[];
  let redis: Redis;
  const workers: ProductProcess[] = [];

  beforeAll(async () => {
    environment = await createStores({ FANOUT_CHUNK_SIZE: String(CHUNK_SIZE), FANOUT_CONCURRENCY: '2' });
    http = await ProductProcess.start('main', { ...environment, ROLES: 'http' });
    author = await http.signUp('author');
    await importFollowers(environment, 'author', FOLLOWERS);
    primary = await connectTo(environment.DATABASE_URL!);
    shards = await Promise.all(environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
    redis = new Redis(environment.REDIS_URL!);
  });
  afterAll(async () => {
    await Promise.all([http, ...workers].map((running) => running.stop()));
    await Promise.all([primary, ...shards].map((client) => client.end()));
    await redis.quit();
  });

  const startWorker = async () => {
    const worker = await ProductProcess.start('worker', environment);
    workers.push(worker);
    return worker;
  };
  const killed = async (worker: ProductProcess) => {
    worker.kill('SIGKILL');
    expect(await worker.ended).toMatchObject({ signal: 'SIGKILL' });
  };
  const publish = async (body: string): Promise<Id> => {
    const answer = await author.post('/v1/posts', { body });
    expect(answer.status).toBe(201);
    return answer.body.id as Id;
  };
  const rowsOf = async (post: Id): Promise<Id[]> => {
    const text = 'SELECT recipient_id AS id FROM activities WHERE subject_id = $1 AND kind = 1';
    const answers = await Promise.all(shards.map((shard) => shard.query<{ id: Id }>(text, [post])));
    return answers.flatMap(({ rows }) => rows.map(({ id }) => id));
  };
  const receiptOf = async (post: Id) =>
    (await primary.query<Record<string, unknown>>('SELECT * FROM fanouts WHERE post_id = $1', [post]))
      .rows[0];
  const underWay = (post: Id, chunks: number) =>
    expect.poll(async () => (await receiptOf(post))?.chunks_done, PATIENCE).toBeGreaterThan(chunks);
  const outboxSize = async () =>
    (await primary.query<{ size: number }>('SELECT count(*)::int AS size FROM outbox')).rows[0]!.size;

  /** Everybody has the post, nobody twice, and the receipt says the same. */
  const expectDelivered = async (post: Id) => {
    const { rows } = await primary.query<{ id: Id }>(
      'SELECT owner_id AS id FROM relationships WHERE subject_id = $1',
      [author.id],
    );
    expect(rows).toHaveLength(FOLLOWERS);
    expect((await rowsOf(post)).sort()).toEqual(rows.map(({ id }) => id).sort());
    const chunks = FOLLOWERS / CHUNK_SIZE;
    expect(await receiptOf(post)).toMatchObject({ state: 'done', chunks, chunks_done: chunks });
    expect(await receiptOf(post)).toMatchObject({ expected: FOLLOWERS, written: FOLLOWERS, skipped: 0 });
    const open = await primary.query('SELECT FROM fanout_chunks WHERE post_id = $1', [post]);
    expect(open.rowCount, 'chunks left over').toBe(0);
  };

  it('delivers to every follower once, whenever and however often a worker is killed', async () => {
    const [first, second] = [await startWorker(), await startWorker()];
    const posts: Id[] = [];
    const fallsDuring = async (body: string, victims: ProductProcess[]) => {
      const post = await publish(body);
      posts.push(post);
      await underWay(post, 10);
      await Promise.all(victims.map(killed));
      expect(await receiptOf(post), 'killed while it was under way').toMatchObject({ state: 'running' });
    };
    await fallsDuring('one of two falls', [first]);
    const third = await startWorker();
    await fallsDuring('both fall', [second, third]);
    const fourth = await startWorker();
    posts.push(await killBetweenWritingAndStriking(fourth));
    await startWorker();
    await startWorker();
    await expect.poll(outboxSize, PATIENCE).toBe(0);
    for (const post of posts) await expectDelivered(post);
  }, 120_000);

  /** Rows are written, the chunk is not struck yet: the moment at which a repeat meets its own rows. */
  const killBetweenWritingAndStriking = async (victim: ProductProcess): Promise<Id> => {
    const post = await publish('falls between two stores');
    await underWay(post, 10);
    await primary.query('BEGIN');
    await primary.query('LOCK TABLE fanout_chunks IN SHARE MODE');
    const { written } = (await receiptOf(post))!;
    await expect
      .poll(async () => (await rowsOf(post)).length, PATIENCE)
      .toBeGreaterThanOrEqual(Number(written) + CHUNK_SIZE);
    await killed(victim);
    await primary.query('COMMIT');
    return post;
  };

  const queueKeys = () => keysUnder(redis, `${environment.REDIS_PREFIX}{queue}:*`);
  const wipeQueue = async () => {
    const keys = await queueKeys();
    expect(keys.length).toBeGreaterThan(0);
    await redis.del(...keys);
  };

  it('delivers what waited in a queue that was wiped', async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    const posts = [await publish('nobody works'), await publish('and nobody ever heard of it')];
    const waiting = `${environment.REDIS_PREFIX}{queue}:activities:prioritized`;
    await expect.poll(() => redis.zcard(waiting), PATIENCE).toBeGreaterThanOrEqual(posts.length);
    await wipeQueue();
    await startWorker();
    await expect.poll(outboxSize, PATIENCE).toBe(0);
    for (const post of posts) await expectDelivered(post);
  }, 120_000);

  it('delivers what was half done when the queue was wiped under running workers', async () => {
    await startWorker();
    const post = await publish('half done');
    await underWay(post, 2);
    await wipeQueue();
    await expect.poll(outboxSize, PATIENCE).toBe(0);
    await expectDelivered(post);
  }, 120_000);
});
