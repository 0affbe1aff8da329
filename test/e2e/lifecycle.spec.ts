import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { importFollowers } from '../support/followers.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo, maintenanceUrl } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';

const PATIENCE = { timeout: 30_000, interval: 10 };
const running: ProductProcess[] = [];

async function start(environment: TestEnvironment): Promise<ProductProcess> {
  const started = await ProductProcess.start('main', environment);
  running.push(started);
  return started;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.stop()));
});

describe('starting', () => {
  let environment: TestEnvironment;
  beforeAll(async () => {
    environment = await createStores();
  });

  it('stops at settings that are not usable: names each, and what it should be, but never its value', async () => {
    const faulty = {
      PORT: 'harbour',
      ROLES: 'http,cook',
      DATABASE_URL: 'mysql://hidden:hunter2@db/sluice',
      ACTIVITY_SHARD_URLS: 'postgres://db/one,hunter3',
      REDIS_URL: 'http://:hunter4@cache',
      JWT_SECRET: 'hunter5',
      LOG_LEVEL: 'chatty',
      TRUST_PROXY: 'perhaps',
      FANOUT_CHUNK_SIZE: '123456789',
      POOL_TIMEOUT_MS: '1.5e3x',
      PUBLIC_URL: 'hunter6',
      METRICS_TOKEN: 'hunter7',
    };
    const { code, stdout, stderr } = await ProductProcess.run('main', { ...environment, ...faulty });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    for (const name of Object.keys(faulty)) {
      expect(lines.find((line) => line.trim().startsWith(`${name}:`))).toMatch(/must|should/);
    }
    for (const value of Object.values(faulty)) expect(stderr).not.toContain(value);
    expect(stderr).not.toMatch(/hunter\d|\n\s+at /);
  });

  it.each(['DATABASE_URL', 'ACTIVITY_SHARD_URLS', 'REDIS_URL'])(
    'refuses to guess a missing %s',
    async (name) => {
      const { code, stderr } = await ProductProcess.run('main', { ...environment, [name]: '' });
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^${name} must be set, because .*\n$`));
    },
  );

  it('says in one line that its port is taken, and how to choose another', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as { port: number };
    const { code, stderr } = await ProductProcess.run('main', { ...environment, PORT: String(port) });
    occupant.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^.*${port}.*Set PORT.*\n$`));
  });

  it('says in one line that a database is not migrated, or not there', async () => {
    const { DATABASE_URL: url = '' } = environment;
    const empty = `${new URL(url).pathname.slice(1)}_empty`;
    const admin = await connectTo(maintenanceUrl(url));
    await admin.query(`CREATE DATABASE ${empty}`);
    await admin.end();
    const [unmigrated, missing] = await Promise.all(
      [empty, `${empty}_not`].map((name) =>
        ProductProcess.run('main', { ...environment, DATABASE_URL: url.replace(/\/\w+$/, `/${name}`) }),
      ),
    );
    expect(unmigrated).toMatchObject({ code: 1, stderr: expect.stringMatching(/^.*sluice migrate.*\n$/) });
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`^.*${empty}_not.*\n$`)),
    });
  });
});

describe('logging', () => {
  it('writes a JSON object a line, with the id of each request, and no secret even at its most talkative', async () => {
    const environment = await createStores({ LOG_LEVEL: 'trace' });
    const main = await start(environment);
    const password = 'a most remarkable password';
    const account = { username: 'ada', email: 'ada@example.org', password };
    const signup = await main.client().post('/v1/auth/signup', account);
    const login = await main.client().post('/v1/auth/login', { login: 'ada', password });
    await main.client().post('/v1/auth/login', { login: 'ada', password: `${password}!` });
    const { refreshToken } = login.body;
    const refreshed = await main.client().post('/v1/auth/refresh', { refreshToken });
    await main.client().post('/v1/auth/refresh', { refreshToken });
    await main.client().post('/v1/auth/signup', JSON.stringify(account).slice(1), { cookie: password });
    const ada = main.client(signup.body.accessToken);
    const answers = [
      await ada.post('/v1/posts', { body: 'hello' }),
      await ada.get(`/v1/me?token=${password}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200]);
    main.kill('SIGTERM');
    expect(await main.ended).toMatchObject({ code: 0 });

    const lines = main.logLines();
    expect(lines.every(({ level, time }) => typeof level === 'string' && typeof time === 'string')).toBe(
      true,
    );
    const requestIds = lines.filter(({ context }) => context === 'Http').map(({ requestId }) => requestId);
    for (const { headers } of [signup, login, refreshed, ...answers]) {
      expect(requestIds).toContain(headers.get('x-request-id'));
    }
    const passwordOf = (url = '') => decodeURIComponent(new URL(url).password);
    const secrets = [
      password,
      environment.JWT_SECRET!,
      passwordOf(environment.DATABASE_URL),
      passwordOf(environment.REDIS_URL),
      ...[signup, login, refreshed].flatMap(({ body }) => [body.accessToken, body.refreshToken]),
    ];
    expect(secrets.every((secret) => secret.length > 5)).toBe(true);
    const printed = main.stdout + main.stderr;
    expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
    expect(printed).not.toMatch(/\$argon2/);
  });
});

describe('stopping', () => {
  const FOLLOWERS = 3_000;
  let environment: TestEnvironment;
  let primary: pg.Client;

  beforeAll(async () => {
    environment = await createStores({ FANOUT_CHUNK_SIZE: '10', FANOUT_CONCURRENCY: '2' });
    primary = await connectTo(environment.DATABASE_URL!);
    const main = await start(environment);
    await main.signUp('author');
    await main.stop();
    await importFollowers(environment, 'author', FOLLOWERS);
  });
  afterAll(() => primary.end());

  const logIn = async (main: ProductProcess) => {
    const credentials = { login: 'author', password: 'correct horse battery' };
    const { body } = await main.client().post('/v1/auth/login', credentials);
    return main.client(body.accessToken, body.user.id);
  };
  const single = async (text: string) => Object.values<unknown>((await primary.query(text)).rows[0])[0];

  it('answers the requests that are under way at SIGTERM, and takes no more', async () => {
    const main = await start(environment);
    const author = await logIn(main);
    const holder = await connectTo(environment.DATABASE_URL!);
    await holder.query('BEGIN');
    await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [author.id]);
    const answers = Promise.all(
      Array.from({ length: 5 }, (_, i) => author.patch('/v1/me', { name: `${i}` })),
    );
    const waiting = `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(() => single(waiting), PATIENCE).toBe(5);
    main.kill('SIGTERM');
    const isRefused = () =>
      main
        .client()
        .get('/health/live')
        .then(
          () => false,
          () => true,
        );
    await expect.poll(isRefused, PATIENCE).toBe(true);
    await holder.end();
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await main.ended).toEqual({ code: 0, signal: null });
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'goes on after a %s during a fan-out where it was',
    async (signal) => {
      const main = await start(environment);
      const { body } = await (await logIn(main)).post('/v1/posts', { body: signal });
      const chunksDone = `SELECT chunks_done FROM fanouts WHERE post_id = ${body.id}`;
      await expect
        .poll(async () => (await primary.query(chunksDone)).rows[0]?.chunks_done, PATIENCE)
        .toBeGreaterThan(5);
      main.kill(signal);
      expect(await main.ended).toEqual(
        signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal },
      );
      expect(await single(chunksDone), 'stopped before the end').toBeLessThan(FOLLOWERS / 10);

      const next = await start(environment);
      await expect.poll(() => single('SELECT count(*)::int FROM outbox'), PATIENCE).toBe(0);
      const receipt = await primary.query(
        'SELECT state, expected, written, skipped FROM fanouts WHERE post_id = $1',
        [body.id],
      );
      expect(receipt.rows).toEqual([{ state: 'done', expected: FOLLOWERS, written: FOLLOWERS, skipped: 0 }]);
      const { status, body: health } = await next.client().get('/health/ready');
      expect({ status, health: health.status }).toEqual({ status: 200, health: 'up' });
    },
  );
});
