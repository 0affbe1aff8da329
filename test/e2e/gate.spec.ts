import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GateStatus } from '../../src/fanout/gate-status.js';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from '../support/client.js';
import { importFollowers } from '../support/followers.js';
import { ProductProcess } from '../support/processes.js';
import { keysUnder } from '../support/redis-keys.js';
import { connectTo } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';

const FOLLOWERS = 100;
const WORKERS = 3;
/** So many jobs run at a time in a worker of this test. */
const PLACES = 3;
const PATIENCE = { timeout: 60_000, interval: 50 };

/** One process takes the requests, several carry out the jobs, the operators' command closes the gate. */
describe('a closed gate', () => {
  let environment: TestEnvironment;
  let http: ProductProcess;
  let workers: ProductProcess[];
  let author: Client;
  let primary: pg.Client;
  let shards: pg.Client[];
  let redis: Redis;
  const everything: ProductProcess[] = [];

  beforeAll(async () => {
    environment = await createStores({ FANOUT_CONCURRENCY: '2' });
    primary = await connectTo(environment.DATABASE_URL!);
    shards = await Promise.all(environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
    redis = new Redis(environment.REDIS_URL!);
    await startAll();
    author = await http.signUp('author');
    await importFollowers(environment, 'author', FOLLOWERS);
  }, 120_000);
  afterEach(async () => {
    await Promise.all([primary, ...shards].map((client) => client.query('ROLLBACK')));
    await gate('open');
    await expect.poll(outboxSize, PATIENCE).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(everything.map((each) => each.stop()));
    await Promise.all([primary, ...shards].map((client) => client.end()));
    await redis.quit();
  });

  const startAll = async () => {
    const names = ['main', ...Array.from({ length: WORKERS }, () => 'worker')] as ('main' | 'worker')[];
    const started = await Promise.all(
      names.map((name) =>
        ProductProcess.start(name, { ...environment, ...(name === 'main' ? { ROLES: 'http' } : {}) }),
      ),
    );
    everything.push(...started);
    [http, ...workers] = started as [ProductProcess, ...ProductProcess[]];
  };
  const gate = async (...args: string[]): Promise<GateStatus> => {
    const { code, stdout, stderr } = await ProductProcess.run('cli', environment, [
      'gate',
      ...args,
      '--json',
    ]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as GateStatus;
  };
  const publish = async (body: string): Promise<Id> => {
    const answer = await author.post('/v1/posts', { body });
    expect(answer.status).toBe(201);
    return answer.body.id as Id;
  };
  const publishMany = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => publish(`post ${i}`)));
  const rows = async (): Promise<number> => {
    const text = 'SELECT count(*)::int AS count FROM activities WHERE kind = 1';
    const counts = await Promise.all(shards.map((shard) => shard.query<{ count: number }>(text)));
    return counts.reduce((sum, answer) => sum + answer.rows[0]!.count, 0);
  };
  const recipientsOf = async (post: Id): Promise<Id[]> => {
    const text = 'SELECT recipient_id AS id FROM activities WHERE subject_id = $1 AND kind = 1';
    const answers = await Promise.all(shards.map((shard) => shard.query<{ id: Id }>(text, [post])));
    return answers.flatMap((answer) => answer.rows.map(({ id }) => id));
  };
  const outboxSize = async () =>
    (await primary.query<{ size: number }>('SELECT count(*)::int AS size FROM outbox')).rows[0]!.size;
  const queueKey = (name: string) => `${environment.REDIS_PREFIX}{queue}:activities:${name}`;
  const active = () => redis.llen(queueKey('active'));
  const waiting = async () =>
    (await redis.llen(queueKey('wait'))) + (await redis.zcard(queueKey('prioritized')));
  const isClosed = async () =>
    (await primary.query('SELECT FROM gate_closings WHERE opened_at IS NULL AND quiet_at IS NOT NULL'))
      .rowCount === 1;

  /** Everybody has every post, and nobody twice. */
  const expectDelivered = async (posts: readonly Id[]) => {
    await expect.poll(outboxSize, PATIENCE).toBe(0);
    for (const post of posts) {
      const recipients = await recipientsOf(post);
      expect(recipients).toHaveLength(FOLLOWERS);
      expect(new Set(recipients).size).toBe(FOLLOWERS);
    }
  };

  it('passes no row of a worker that was frozen before it closed and goes on while it is closed', async () => {
    // Every worker is caught in the middle of writing: its statements have been sent and wait for the table.
    for (const shard of shards) await shard.query('BEGIN; LOCK TABLE activities IN SHARE ROW EXCLUSIVE MODE');
    const posts = await publishMany(40);
    await expect.poll(active, PATIENCE).toBeGreaterThan((WORKERS - 1) * PLACES);
    const [frozen] = workers;
    frozen!.kill('SIGSTOP');
    const closing = await gate(
      'close',
      '--reason',
      'a frozen worker',
      '--reopen-after',
      '10m',
      '--timeout',
      '60s',
    );
    expect(closing.state).toBe('closed');
    const before = await rows();

    for (const shard of shards) await shard.query('COMMIT');
    posts.push(...(await publishMany(10)));
    frozen!.kill('SIGCONT');
    // Each running job comes to its end, that of the thawed worker as well.
    await expect.poll(active, PATIENCE).toBe(0);
    expect((await frozen!.client().get('/health/live')).status).toBe(200);
    expect(await rows()).toBe(before);
    expect(await isClosed()).toBe(true);

    await gate('open');
    await expectDelivered(posts);
  }, 180_000);

  it('passes no row under load, whatever the moment, and loses none', async () => {
    const posts: Id[] = [];
    let posting = true;
    const load = (async () => {
      while (posting) {
        posts.push(await publish('under load'));
        await delay(100);
      }
    })();
    await expect.poll(() => posts.length, PATIENCE).toBeGreaterThan(10);
    for (const round of [1, 2]) {
      const frozen = workers[round % WORKERS]!;
      frozen.kill('SIGSTOP');
      expect((await gate('close', '--reason', `round ${round}`, '--timeout', '60s')).state).toBe('closed');
      const before = await rows();
      frozen.kill('SIGCONT');
      const accepted = posts.length;
      await expect.poll(() => posts.length, PATIENCE).toBeGreaterThan(accepted + 5);
      await expect.poll(active, PATIENCE).toBe(0);
      expect(await rows()).toBe(before);
      await gate('open');
    }
    posting = false;
    await load;
    await expectDelivered(posts);
  }, 240_000);

  it('stays closed when everything is killed, the one who closed it first, and reopens at its deadline', async () => {
    // Somebody is writing, so that the gate is not quiet yet when its closer dies.
    const writer = await connectTo(environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);
    writer.on('error', () => undefined);
    await writer.query('BEGIN');
    await writer.query('INSERT INTO activities VALUES (1, 1, 1, 1, 1, 1)');
    const closer = ProductProcess.begin('cli', environment, [
      'gate',
      'close',
      '--reason',
      'to die',
      '--reopen-after',
      '10m',
    ]);
    const fenced = async () =>
      (await primary.query('SELECT FROM gate_closings WHERE opened_at IS NULL AND fenced')).rowCount;
    await expect.poll(fenced, PATIENCE).toBe(1);
    await Promise.all([closer.stop(), http.stop(), ...workers.map((worker) => worker.stop())]);
    await writer.end();

    await startAll();
    author = http.client(author.token, author.id);
    await expect.poll(isClosed, PATIENCE).toBe(true);
    const before = await rows();
    const posts = await publishMany(5);
    await expect.poll(waiting, PATIENCE).toBe(posts.length);
    expect(await rows()).toBe(before);

    await primary.query(`UPDATE gate_closings SET reopens_at = clock_timestamp() WHERE opened_at IS NULL`);
    await expectDelivered(posts);
    const [last] = (await primary.query('SELECT * FROM gate_closings ORDER BY id DESC LIMIT 1')).rows;
    expect(last).toMatchObject({ reason: 'to die', opening: 'deadline', opened_by: null });
  }, 180_000);

  it('keeps what waits when the queue is wiped, and passes nothing although the pause is gone as well', async () => {
    await gate('close', '--reason', 'a wipe', '--reopen-after', '10m');
    const before = await rows();
    const posts = await publishMany(20);
    await expect.poll(waiting, PATIENCE).toBe(posts.length);
    await redis.del(...(await keysUnder(redis, `${environment.REDIS_PREFIX}{queue}:*`)));
    await expect.poll(() => redis.hget(queueKey('meta'), 'paused'), PATIENCE).toBe('1');
    // The lease has run out, and what was lost is in the queue again, or was refused by the fences.
    const attempts = 'SELECT min(attempts)::int AS least FROM outbox';
    await expect
      .poll(async () => (await primary.query<{ least: number }>(attempts)).rows[0]!.least, PATIENCE)
      .toBeGreaterThan(1);
    expect(await rows()).toBe(before);
    await gate('open');
    await expectDelivered(posts);
  }, 180_000);
});
