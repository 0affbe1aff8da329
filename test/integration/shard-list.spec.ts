import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gate } from '../../src/fanout/gate.js';
import type { ShardOverview } from '../../src/ops/shard-list.js';
import type { Client } from '../support/client.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const ROWS = 6_400;

describe('the list of shards', () => {
  let app: TestApp;
  let admin: Client;
  let shards: pg.Client[];

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await app.user('root');
    shards = await Promise.all(app.environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
    const primary = await connectTo(app.environment.DATABASE_URL!);
    await primary.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [admin.id]);
    await primary.end();
  });
  afterAll(async () => {
    await Promise.all(shards.map((shard) => shard.end()));
    await app.stop();
  });

  const list = async (client = admin, query = '?seconds=1'): Promise<ShardOverview> => {
    const { status, body } = await client.get(`/v1/admin/shards${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };
  /** Rows of as many recipients whose buckets the first shard has. */
  const fill = (from: number, rows: number) =>
    shards[0]!.query(
      `INSERT INTO activities SELECT id, 1, 1, 1, 1, 1 FROM generate_series($1::bigint, $1 + $2 * 4) AS id
       WHERE EXISTS (SELECT FROM generate_series(0, 63, 2) AS bucket
                     WHERE satisfies_hash_partition('activities'::regclass, 64, bucket, id)) LIMIT $2`,
      [from, rows],
    );

  it('tells what each holds, and shows nobody how to get in', async () => {
    await fill(1, ROWS);
    await shards[0]!.query('ANALYZE activities');
    const overview = await list();
    const [first, second] = overview.shards as [ShardOverview['shards'][0], ShardOverview['shards'][0]];
    expect(first).toMatchObject({ name: 'shard-0', unavailable: null, foreignPartitions: 0, gate: 'open' });
    expect(first.buckets).toEqual(Array.from({ length: 32 }, (_, i) => 2 * i));
    expect(second.buckets).toEqual(Array.from({ length: 32 }, (_, i) => 2 * i + 1));
    expect(first.rows).toBe(ROWS);
    expect(second.rows).toBe(0);
    expect(first.bytes).toBeGreaterThan(second.bytes!);
    expect(first.databaseBytes).toBeGreaterThan(first.bytes!);
    expect(first.connections).toBeGreaterThan(0);
    const { host, pathname, password } = new URL(app.environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);
    expect(first.place).toBe(`${host}${pathname}`);
    expect(JSON.stringify(overview)).not.toContain(password);
  });

  it('tells how much is written', async () => {
    let from = 1_000_000;
    let filling = true;
    const writer = (async () => {
      for (; filling; from += 10_000) await fill(from, 500);
    })();
    // Postgres counts what a session did once a second at most.
    await expect
      .poll(async () => (await list()).shards[0]!.writesPerSecond, { timeout: 30_000 })
      .toBeGreaterThan(0);
    filling = false;
    await writer;
    await expect
      .poll(async () => (await list()).shards.map((shard) => shard.writesPerSecond), { timeout: 30_000 })
      .toEqual([0, 0]);
  });

  it('tells of a replication slot that nobody reads, and of partitions that are left over', async () => {
    await shards[1]!.query(`SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')`);
    await shards[1]!.query('CREATE TABLE spare (LIKE activities INCLUDING ALL)');
    await shards[1]!.query(
      'ALTER TABLE activities ATTACH PARTITION spare FOR VALUES WITH (MODULUS 64, REMAINDER 0)',
    );
    const [first, second] = (await list()).shards;
    expect(first!.slots).toEqual([]);
    expect(second!.slots).toEqual([
      expect.objectContaining({ name: 'left_behind', kind: 'logical', active: false, walStatus: 'reserved' }),
    ]);
    expect(second!.slots[0]!.retainedBytes).toBeGreaterThanOrEqual(0);
    expect(second!.foreignPartitions).toBe(1);
    await shards[1]!.query(`SELECT pg_drop_replication_slot('left_behind')`);
    await shards[1]!.query('DROP TABLE spare');
  });

  it('tells of a closed gate, and of the processes that send nothing for it', async () => {
    await app.get(Gate).close({ reason: 'a look', by: 'A', shard: 1 });
    await admin.follow(await app.user('somebody'));
    const reader = await app.user('reader');
    for (let i = 0; i < 8; i++) await (await app.user(`fan${i}`)).follow(reader);
    for (let i = 0; i < 8; i++) await reader.follow(await app.user(`star${i}`));
    await expect
      .poll(async () => (await list()).shards.map(({ gate, breakers }) => ({ gate, breakers })), {
        timeout: 30_000,
      })
      .toEqual([
        { gate: 'open', breakers: [] },
        {
          gate: 'closed',
          breakers: [{ process: expect.stringContaining(`:${process.pid}`), reason: 'closed' }],
        },
      ]);
    await app.get(Gate).open('A', { shard: 1 });
    await app.drained();
  });

  it('counts the processes that serve, and warns before their pools are too large', async () => {
    const before = await list();
    expect(before.processes).toEqual([
      expect.objectContaining({ roles: ['http', 'worker'], primaryPool: 10, shardPool: 8 }),
    ]);
    // The tests' primary and shards lie on one server.
    expect(before.servers).toEqual([
      expect.objectContaining({
        databases: ['primary', 'shard-0', 'shard-1'],
        pools: 26,
        perProcess: 26,
        perShard: 8,
      }),
    ]);
    expect(before.servers[0]!.taken).toBeGreaterThan(0);
    expect(before.warnings).toEqual([]);
    const { allowed } = before.servers[0]!;
    const large = await TestApp.start({ SHARD_POOL_SIZE: String(allowed - 300) }, app.environment);
    await expect.poll(async () => (await list()).processes.length, { timeout: 20_000 }).toBe(2);
    const after = await list();
    expect(after.servers[0]).toMatchObject({ pools: 26 + 10 + 2 * (allowed - 300) });
    expect(after.warnings[0]).toMatch(/One more process could take the server of primary, shard-0, shard-1/);
    await large.stop();
    expect((await list()).processes).toHaveLength(1);
  });

  it('tells what it can while a shard is away', async () => {
    const [first, second] = app.environment.ACTIVITY_SHARD_URLS!.split(',');
    const dead = Object.assign(new URL(second!), { port: '1' }).href;
    const cut = await TestApp.start(
      { ACTIVITY_SHARD_URLS: `${first},${dead}`, ROLES: 'http' },
      app.environment,
    );
    const overview = await list(await cut.clientOf(admin.id));
    expect(overview.shards[0]).toMatchObject({ unavailable: null });
    expect(overview.shards[1]).toMatchObject({
      unavailable: expect.stringMatching(/ECONNREFUSED/),
      rows: null,
      writesPerSecond: null,
      connections: null,
      slots: [],
    });
    expect(overview.shards[1]!.buckets).toHaveLength(32);
    expect(JSON.stringify(overview)).not.toContain(new URL(dead).password);
    await cut.stop();
  });

  it('is for admins alone, and for operators at the command line', async () => {
    expect((await (await app.user('nobody')).get('/v1/admin/shards')).status).toBe(403);
    expect((await admin.get('/v1/admin/shards?seconds=11')).status).toBe(400);
    const command = (...more: string[]) =>
      ProductProcess.run('cli', app.environment, ['shards', 'list', '--seconds', '1', ...more]);
    const [text, json] = await Promise.all([command(), command('--json')]);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^shard-0 {2}127\.0\.0\.1:\d+\/\w+ {2}up$/m);
    expect(text.stdout).toMatch(/ 32 buckets, about [\d,]+ rows in [\d.]+ MiB, \d+ rows written a second, /);
    expect(text.stdout).toMatch(/^server of primary, shard-0, shard-1: \d+ connections taken of 497; /m);
    expect(JSON.parse(json.stdout)).toMatchObject({ shards: [{ name: 'shard-0' }, { name: 'shard-1' }] });
    const { password } = new URL(app.environment.DATABASE_URL!);
    expect(text.stdout + json.stdout).not.toContain(password);
  });
});
