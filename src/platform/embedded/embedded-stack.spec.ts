import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedStack, findRunningStack, type StackUrls } from './embedded-stack.js';
import { identify, isRunning, until } from './processes.js';

const built = new URL('../../../dist/src/platform/embedded/embedded-stack.js', import.meta.url);

/** The smallest owner: starts the stack, prints its URLs, stays until it is killed. */
const ownerScript = `
  const { EmbeddedStack } = await import(${JSON.stringify(built.href)});
  const stack = await EmbeddedStack.start({ dataDir: process.argv[1] });
  console.log(JSON.stringify(stack.urls));
  setInterval(() => undefined, 60_000);
`;

let dataDir: string;
let cleanUp: (() => unknown)[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-stack-'));
  cleanUp = [() => rm(dataDir, { recursive: true, force: true })];
});

afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
});

describe('an embedded stack', { timeout: 60_000 }, () => {
  it('serves every database and Redis, and keeps their data over a restart', async () => {
    const first = await start(true);
    const stores = [first.urls.databaseUrl, ...first.urls.shardUrls];
    expect(stores.map((url) => new URL(url).pathname)).toEqual([
      '/sluice',
      '/sluice_shard_1',
      '/sluice_shard_2',
    ]);
    await write(first.urls);
    expect(await findRunningStack(dataDir)).toEqual(first.urls);
    expect((await stat(join(dataDir, 'stack.json'))).mode & 0o777).toBe(0o600);
    await first.stop();
    expect(await findRunningStack(dataDir)).toBeNull();

    const second = await start(true);
    expect(await read(second.urls)).toEqual(['kept', 'kept', 'kept', 'kept']);
  });

  it('applies the settings that it is given', async () => {
    const stack = await start(false, { work_mem: '7MB' });
    const settings = "SELECT current_setting('work_mem') AS v UNION ALL SELECT current_setting('wal_level')";
    expect(await query(stack.urls.databaseUrl, settings)).toEqual(['7MB', 'logical']);
  });

  it('replaces the servers of an owner that was killed', async () => {
    const owner = await startOwner();
    await write(owner.urls);
    const orphans = await serverIdentities();
    await kill(owner.child);
    expect(orphans.every(isRunning)).toBe(true);
    expect(await findRunningStack(dataDir)).toBeNull();

    const stack = await start(true);
    expect(orphans.some(isRunning)).toBe(false);
    expect(await read(stack.urls)).toEqual(['kept', 'kept', 'kept', 'kept']);
  });

  it('starts after its servers were killed and their pids were given to others', async () => {
    const first = await start(true);
    await write(first.urls);
    const servers = await serverIdentities();
    servers.forEach(({ pid }) => process.kill(pid, 'SIGKILL'));
    expect(await until(() => !servers.some(isRunning), 10_000)).toBe(true);
    await first.stop();
    const lockFile = join(dataDir, 'postgres/postmaster.pid');
    await writeFile(lockFile, (await readFile(lockFile, 'utf8')).replace(/^\d+/, String(process.pid)));
    await writeFile(join(dataDir, 'redis/redis.pid'), String(process.pid));

    const second = await start(true);
    expect(await read(second.urls)).toEqual(['kept', 'kept', 'kept', 'kept']);
  });

  it('refuses a folder whose owner is alive, by its pid', async () => {
    const stack = await start();
    await expect(start()).rejects.toMatchObject({
      id: 'data-dir-in-use',
      message: expect.stringMatching(new RegExp(`process ${process.pid}: stop it or set SLUICE_DATA_DIR`)),
    });
    expect(await findRunningStack(dataDir)).toEqual(stack.urls);
  });

  it('takes over from an owner whose pid belongs to another process now, and from a half-made cluster', async () => {
    await writeFile(join(dataDir, 'owner.json'), JSON.stringify({ pid: process.pid, startMark: 'earlier' }));
    await mkdir(join(dataDir, 'postgres.new-0000/base'), { recursive: true });
    const stack = await start();
    await write(stack.urls);
    await expect(stat(join(dataDir, 'postgres.new-0000'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

async function start(durable = false, postgresSettings = {}): Promise<EmbeddedStack> {
  const stack = await EmbeddedStack.start({ dataDir, durable, postgresSettings });
  cleanUp.push(() => stack.stop());
  return stack;
}

async function startOwner(): Promise<{ child: ChildProcess; urls: StackUrls }> {
  const args = ['--input-type=module', '--eval', ownerScript, dataDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUp.push(() => kill(child));
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
  return { child, urls: JSON.parse(line ?? 'null') as StackUrls };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function serverIdentities() {
  const files = ['postgres/postmaster.pid', 'redis/redis.pid'];
  const texts = await Promise.all(files.map((name) => readFile(join(dataDir, name), 'utf8')));
  return texts.map((text) => identify(Number.parseInt(text, 10))!);
}

async function write(urls: StackUrls): Promise<void> {
  for (const url of [urls.databaseUrl, ...urls.shardUrls]) {
    await query(url, "CREATE TABLE note AS SELECT 'kept' AS v");
  }
  await withRedis(urls, (redis) => redis.set('note', 'kept'));
}

/** What each store holds, Redis last; an empty string for what it lost. */
async function read(urls: StackUrls): Promise<unknown[]> {
  const notes = [urls.databaseUrl, ...urls.shardUrls].map((url) => query(url, 'SELECT v FROM note'));
  const cached = await withRedis(urls, (redis) => redis.get('note'));
  return [...(await Promise.all(notes)).flat(), cached ?? ''];
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ v: unknown }>(sql)).rows.map((row) => row.v);
  } finally {
    await client.end();
  }
}

async function withRedis<T>(urls: StackUrls, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(urls.redisUrl);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
