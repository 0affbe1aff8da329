import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../support/client.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';

const PATIENCE = { timeout: 20_000, interval: 50 };
const NAME = 'cut_off';
const BUILD = [
  'build-index',
  '--columns',
  'actor_id,entry_id desc',
  '--name',
  NAME,
  '--reopen-after',
  '5s',
  '--json',
];

describe('when the process that builds an index is killed', () => {
  let environment: TestEnvironment;
  let server: ProductProcess;
  let shards: pg.Client[];
  let author: Client;
  let reader: Client;
  const commands: ProductProcess[] = [];

  beforeAll(async () => {
    environment = await createStores();
    server = await ProductProcess.start('main', environment);
    shards = await Promise.all(environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
    author = await server.signUp('author');
    reader = await server.signUp('reader');
    await reader.follow(author);
  });
  afterAll(async () => {
    await Promise.all([server, ...commands].map((running) => running.stop()));
    await Promise.all(shards.map((shard) => shard.end()));
  });

  const begin = (...args: string[]) => {
    const command = ProductProcess.begin('cli', environment, args);
    commands.push(command);
    return command;
  };
  const hasIndex = async (shard: number, name = NAME) =>
    (await shards[shard]!.query(`SELECT FROM pg_class WHERE relname = $1`, [name])).rowCount === 1;
  // Asked outside of a transaction, which would see the same answer again and again.
  const builders = async () =>
    (
      await shards[0]!.query(
        `SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'sluice-maintenance'
           AND query LIKE 'CREATE INDEX%' AND state = 'active'`,
        [new URL(environment.ACTIVITY_SHARD_URLS!.split(',')[1]!).pathname.slice(1)],
      )
    ).rowCount;
  const run = async (...args: string[]) => ProductProcess.run('cli', environment, args);
  const builds = async () => JSON.parse((await run('build-index', '--list', '--json')).stdout).builds;
  const gate = async () => JSON.parse((await run('gate', 'status', '--json')).stdout).state;
  /** How many rows a post has, which is merged into feeds as long as it has none. */
  const rowsOf = async (post: string) => {
    const text = 'SELECT FROM activities WHERE entry_id = $1 AND stream IN (1, 2)';
    const found = await Promise.all(shards.map((shard) => shard.query(text, [post])));
    return found.reduce((sum, { rowCount }) => sum + rowCount!, 0);
  };

  it('the gate opens at its deadline, nothing half built stays, and asking again goes on', async () => {
    // Somebody who writes keeps the second shard from being built.
    await shards[1]!.query('BEGIN');
    await shards[1]!.query('LOCK TABLE activities IN ROW EXCLUSIVE MODE');
    const victim = begin(...BUILD);
    await expect.poll(() => hasIndex(0), PATIENCE).toBe(true);
    await expect.poll(() => builders(), PATIENCE).toBe(1);
    const post = await author.post('/v1/posts', { body: 'while it is closed' });
    expect(post.status).toBe(201);
    victim.kill('SIGKILL');
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await rowsOf(post.body.id)).toBe(0);

    await expect.poll(() => builders(), PATIENCE).toBe(0);
    await expect.poll(() => rowsOf(post.body.id), PATIENCE).toBe(1);
    expect(await gate()).toBe('open');
    await shards[1]!.query('COMMIT');
    expect(await hasIndex(1)).toBe(false);
    await expect.poll(async () => (await builds())[0].state, PATIENCE).toBe('interrupted');

    const { code, stdout } = await run(...BUILD);
    const resumed = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(resumed.shards.map(({ state }: { state: string }) => state)).toEqual(['present', 'done']);
    const all = await builds();
    expect(all.map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual([
      [resumed.id, 'done'],
    ]);
    expect(await hasIndex(1)).toBe(true);
    expect(await gate()).toBe('open');
  });

  it('somebody else may abort it: the gate opens, and what is half built is dropped', async () => {
    await shards[1]!.query('BEGIN');
    await shards[1]!.query('LOCK TABLE activities IN ROW EXCLUSIVE MODE');
    const victim = begin(
      'build-index',
      '--columns',
      'entry_id',
      '--name',
      'given_up',
      '--reopen-after',
      '10m',
    );
    await expect.poll(() => hasIndex(0, 'given_up'), PATIENCE).toBe(true);
    await expect.poll(() => builders(), PATIENCE).toBe(1);
    victim.kill('SIGKILL');
    await victim.ended;
    await expect.poll(() => builders(), PATIENCE).toBe(0);
    await shards[1]!.query('COMMIT');
    expect(await gate()).toBe('closed');

    const admin = await server.signUp('root');
    expect((await run('users', 'promote', 'root')).code).toBe(0);
    const [{ id }] = await builds();
    await expect
      .poll(async () => (await admin.delete(`/v1/admin/index-builds/${id}`)).body, PATIENCE)
      .toMatchObject({ state: 'aborted', gate: null });
    expect(await gate()).toBe('open');
    expect(await hasIndex(1, 'given_up')).toBe(false);
    expect((await run('build-index', '--drop', 'given_up')).code).toBe(0);
  });

  it('Ctrl-C aborts it in order', async () => {
    await shards[1]!.query('BEGIN');
    await shards[1]!.query('LOCK TABLE activities IN ROW EXCLUSIVE MODE');
    const command = begin('build-index', '--columns', 'kind', '--name', 'stopped');
    await expect.poll(() => builders(), PATIENCE).toBe(1);
    await expect.poll(() => hasIndex(0, 'stopped'), PATIENCE).toBe(true);
    command.kill('SIGINT');
    expect(await command.ended).toEqual({ code: 1, signal: null });
    await shards[1]!.query('COMMIT');
    expect(command.stdout).toMatch(
      /: aborted\n {2}shard-0: done\n {2}shard-1: aborted.*\n {2}not built on shard-1/,
    );
    expect(command.stderr).toMatch(/shard-1: .*waiting|shard-1: .*initializing/);
    expect(await gate()).toBe('open');
  });

  it('says what it would do, and what it will not do, without doing it', async () => {
    const dry = await run(
      'build-index',
      '--columns',
      'kind',
      '--include',
      'actor_id',
      '--name',
      'planned',
      '--dry-run',
    );
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(
      /shard-0: absent, .*would run CREATE INDEX "planned" ON .*\("kind"\) INCLUDE \("actor_id"\)/,
    );
    for (const hostile of [
      ['--name', 'x"; DROP TABLE activities'],
      ['--where', '1 = 1; --'],
      ['--drop', 'activities_pkey'],
    ]) {
      const refused = await run(
        'build-index',
        ...(hostile[0] === '--drop' ? [] : ['--columns', 'kind']),
        ...hostile,
      );
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^sluice: /);
    }
    expect(await builds()).toHaveLength(4);
  });
});
