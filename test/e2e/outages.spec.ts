import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { bucketOf } from '../../src/platform/database/buckets.js';
import type { Answer, Client } from '../support/client.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo, maintenanceUrl } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 40_000, interval: 20 };

/** Says `unavailable` or `overloaded`, and when to come back. */
function expectTryAgain({ status, headers, body }: Answer): void {
  expect(status).toBe(503);
  expect(body.type).toMatch(/^urn:sluice:problem:(unavailable|overloaded)$/);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

describe('a shard that is away', () => {
  let environment: TestEnvironment;
  let main: ProductProcess | undefined;
  let author: Client;
  /** Followers of the author, by the shard that their feeds lie on. */
  let on: [Client[], Client[]];

  beforeEach(async () => {
    environment = await createStores();
  });
  afterEach(() => main?.stop());

  const begin = async (changed: TestEnvironment = {}) => {
    main = await ProductProcess.start('main', { ...environment, ...changed });
    author = await main.signUp('author');
    on = [[], []];
    for (let i = 0; on[0].length < 2 || on[1].length < 2; i++) {
      const follower = await main.signUp(`follower-${i}`);
      await follower.follow(author);
      // Buckets are dealt to the shards in turn.
      on[(bucketOf(follower.id) % 2) as 0 | 1].push(follower);
    }
  };
  const health = async () => await main!.client().get('/health/ready');
  const post = async (body: string): Promise<string> => {
    const answer = await author.post('/v1/posts', { body });
    expect(answer.status).toBe(201);
    return answer.body.id;
  };
  const feed = async (reader: Client): Promise<string[]> =>
    (await reader.get('/v1/feeds/friends')).body.data?.map((entry: { id: string }) => entry.id);
  const expectServed = async (readers: Client[], posts: string[]) => {
    for (const reader of readers) await expect.poll(() => feed(reader), PATIENCE).toEqual(posts.toReversed());
  };

  it('is named when nothing listens where it should be; only its own recipients are put off', async () => {
    const [first, second] = environment.ACTIVITY_SHARD_URLS!.split(',');
    const dead = new URL(second!);
    dead.port = '1';
    await begin({ ACTIVITY_SHARD_URLS: [first, dead.href].join(',') });
    expect(await health()).toMatchObject({
      status: 200,
      body: { status: 'degraded', parts: { primary: 'up', 'shard-0': 'up', 'shard-1': 'down', redis: 'up' } },
    });
    const id = await post('to whom it may reach');
    await expectServed(on[0], [id]);
    for (const reader of on[1]) {
      expectTryAgain(await reader.get('/v1/feeds/friends'));
      expectTryAgain(await reader.get('/v1/notifications'));
      expect((await reader.get('/v1/me')).status).toBe(200);
      expect((await reader.get(`/v1/posts/${id}`)).status).toBe(200);
    }
  });

  it('holds nobody else up, not even by a mention, and gets everything once it is back', async () => {
    await begin();
    const before = await post('all is well');
    await expectServed([...on[0], ...on[1]], [before]);
    const { admin, name } = await hide(environment.ACTIVITY_SHARD_URLS!.split(',')[1]!);

    await expect.poll(async () => (await health()).body.status, PATIENCE).toBe('degraded');
    expect((await health()).body.parts).toMatchObject({ 'shard-0': 'up', 'shard-1': 'down' });
    const [reader] = on[1];
    const { username } = (await reader!.get('/v1/me')).body;
    const mentioning = await post(`where is @${username}?`);
    await expectServed(on[0], [before, mentioning]);
    for (const away of on[1]) expectTryAgain(await away.get('/v1/feeds/friends'));

    await admin.query(`ALTER DATABASE ${name}_hidden RENAME TO ${name}`);
    await admin.end();
    await expectServed([...on[0], ...on[1]], [before, mentioning]);
    await expect.poll(async () => (await health()).body.status, PATIENCE).toBe('up');
    const mentions = async () =>
      (await reader!.get('/v1/notifications')).body.data?.map((entry: { kind: string }) => entry.kind);
    await expect.poll(mentions, PATIENCE).toEqual(['mention']);
  }, 120_000);
});

describe('too much at once', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.stop());

  it('answers 503 when every connection is taken, and recovers', async () => {
    app = await TestApp.start({ ROLES: 'http', DATABASE_POOL_SIZE: '2', POOL_TIMEOUT_MS: '100' });
    const ada = await app.user('ada');
    const grace = await app.clientOf(ada.id);
    const holder: pg.Client = await connectTo(app.environment.DATABASE_URL!);
    await holder.query('BEGIN');
    await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [ada.id]);
    const held = [ada, grace].map((client) => client.patch('/v1/me', { name: 'Ada' }));
    await expect.poll(async () => (await grace.get('/v1/me')).status, PATIENCE).toBe(503);
    expectTryAgain(await grace.get('/v1/me'));
    expectTryAgain(await grace.post('/v1/posts', { body: 'hello' }));
    await holder.end();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await grace.get('/v1/me')).body.name).toBe('Ada');
  });

  it('answers 413 to a body over the limit, however it is sent', async () => {
    app = await TestApp.start({ ROLES: 'http', BODY_LIMIT_BYTES: '2048' });
    const ada = await app.user('ada');
    const within = await ada.post('/v1/posts', { body: 'x'.repeat(2_000) });
    expect(within.status).toBe(201);
    const { status, body } = await ada.post('/v1/posts', { body: 'x'.repeat(2_048) });
    expect({ status, type: body.type }).toEqual({
      status: 413,
      type: 'urn:sluice:problem:payload-too-large',
    });
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1_024)) });
    const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' };
    const streamed = await fetch(new URL('/v1/posts', app.url), {
      method: 'POST',
      headers,
      body: endless,
      duplex: 'half',
    });
    expect(streamed.status).toBe(413);
  });

  it('answers 429 to whoever asks too often, says so beforehand, and lets the others be', async () => {
    app = await TestApp.start({ ROLES: 'http', RATE_LIMIT_PER_MINUTE: '5', LOGIN_ATTEMPTS: '2' });
    const [ada, grace] = [await app.user('ada'), await app.user('grace')];
    const answers: Answer[] = [];
    for (let i = 0; i < 7; i++) answers.push(await ada.get('/v1/me'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const left = answers.map(({ headers }) => headers.get('ratelimit-remaining'));
    expect(left).toEqual(['4', '3', '2', '1', '0', '0', '0']);
    for (const { headers } of answers) expect(headers.get('ratelimit-limit')).toBe('5');
    const { headers, body } = answers.at(-1)!;
    expect(body.type).toBe('urn:sluice:problem:too-many-requests');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('ratelimit-reset')).toBe(headers.get('retry-after'));
    expect((await grace.get('/v1/me')).status).toBe(200);
    expect((await ada.get('/health/live')).status).toBe(200);

    const guess = () => app!.anonymous().post('/v1/auth/login', { login: 'ada', password: 'guess' });
    const guesses = [await guess(), await guess(), await guess()];
    expect(guesses.map(({ status }) => status)).toEqual([401, 401, 429]);
    expect(Number(guesses[2]!.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

/** Takes a database away from under its users by giving it another name. */
async function hide(url: string): Promise<{ admin: pg.Client; name: string }> {
  const name = new URL(url).pathname.slice(1);
  const admin = await connectTo(maintenanceUrl(url));
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [
    name,
  ]);
  await admin.query(`ALTER DATABASE ${name} RENAME TO ${name}_hidden`);
  await admin.query(`ALTER DATABASE ${name}_hidden ALLOW_CONNECTIONS true`);
  return { admin, name };
}
