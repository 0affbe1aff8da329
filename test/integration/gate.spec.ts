import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fence } from '../../src/activities/fence.js';
import type { Gate } from '../../src/fanout/gate.js';
import { GateStore } from '../../src/fanout/gate-store.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { Queues } from '../../src/platform/queues/queues.js';
import type { Client } from '../support/client.js';
import { Crowd } from '../support/crowd.js';
import { connectTo } from '../support/sql.js';
import type { TestApp } from '../support/test-app.js';

const DEPTH = 5;
const PATIENCE = { timeout: 20_000 };

describe('the gate', () => {
  let crowd: Crowd;
  let app: TestApp;
  let gate: Gate;
  let admin: Client;
  let fans: readonly Client[];
  let writer: pg.Client;

  beforeAll(async () => {
    crowd = await Crowd.gather(DEPTH);
    ({ app, gate, admin, fans } = crowd);
    writer = await connectTo(app.environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);
  });
  afterEach(async () => {
    await gate.open('the test');
    for (const shard of [0, 1]) await gate.open('the test', { shard });
    await app.drained();
  });
  afterAll(async () => {
    await writer.end().catch(() => undefined);
    await app.stop();
  });

  const shardOf = ({ id }: Client) => {
    const router = app.get(ShardRouter);
    return router.shards.indexOf(router.shardOf(id));
  };
  const fansOf = (shard: number) => fans.filter((fan) => shardOf(fan) === shard).length;
  const isPaused = () => app.get(Queues).use('activities', (queue) => queue.isPaused());
  const fences = () =>
    Promise.all(app.get(ShardRouter).shards.map(async (shard) => (await app.get(Fence).read(shard)).closed));
  const latest = async () => (await admin.get('/v1/admin/gate/history?limit=1')).body.data[0];

  it('closes for one shard alone: the others get their rows at once, this one when it opens', async () => {
    expect([fansOf(0), fansOf(1)].every((count) => count > 5)).toBe(true);
    const closed = await admin.post('/v1/admin/gate/close?shard=1', { reason: 'a shard' });
    expect(closed.body).toMatchObject({
      state: 'closed',
      reason: 'a shard',
      shards: [{ shard: 1, state: 'closed' }],
    });
    expect([await fences(), await isPaused()]).toEqual([[false, true], false]);
    expect((await admin.get('/v1/admin/gate')).body.state).toBe('open');
    const post = await crowd.publish();
    await expect.poll(() => crowd.rowsOf(post), PATIENCE).toEqual([fansOf(0), 0]);
    // Nothing was tried over and over: no job is left behind as failed.
    const failed = await app.get(Queues).use('activities', (queue) => queue.getFailedCount());
    expect(failed).toBe(0);
    expect((await admin.post('/v1/admin/gate/open?shard=1')).body).toMatchObject({
      state: 'open',
      shards: [],
    });
    await app.drained();
    expect(await crowd.rowsOf(post)).toEqual([fansOf(0), fansOf(1)]);
    expect(await latest()).toMatchObject({
      shard: 1,
      closedBy: 'admin',
      opening: 'told',
      openedBy: 'admin',
      intentsWaiting: 1,
    });
  });

  it('is closed once: by whoever came first, for all or for a part', async () => {
    await gate.close({ reason: 'one shard', by: 'A', shard: 0 });
    await expect(gate.close({ reason: 'the same', by: 'B', shard: 0 })).rejects.toThrow(
      /shard 0 .* by A: one shard/,
    );
    await expect(gate.close({ reason: 'all', by: 'B' })).rejects.toMatchObject({ key: 'gate-closed' });
    await gate.close({ reason: 'the other', by: 'B', shard: 1 });
    expect(await fences()).toEqual([true, true]);
    await gate.open('A', { shard: 0 });
    expect(await fences()).toEqual([false, true]);
    await gate.open('B', { shard: 1 });
    await gate.close({ reason: 'all', by: 'C' });
    await expect(gate.close({ reason: 'one', by: 'D', shard: 1 })).rejects.toMatchObject({
      key: 'gate-closed',
    });
    expect((await admin.post('/v1/admin/gate/close?shard=7', { reason: 'x' })).status).toBe(400);
  });

  it('leaves a later closing of somebody else alone', async () => {
    const { closedAt } = await gate.close({ reason: 'first', by: 'A' });
    await gate.open('somebody');
    await gate.close({ reason: 'second', by: 'B' });
    expect((await gate.open('A', { closedAt })).reason).toBe('second');
    expect(await gate.extend(60, { closedAt })).toBe(false);
    expect(await gate.extend(60)).toBe(true);
    expect(Date.parse((await gate.status()).reopensAt!)).toBeGreaterThan(Date.now() + 50_000);
  });

  it('never tells its key to anybody outside', async () => {
    const { key } = await gate.close({ reason: 'a secret', by: 'A' });
    expect(key.length).toBeGreaterThan(30);
    for (const path of ['/v1/admin/gate', '/v1/admin/gate/history'])
      expect(JSON.stringify((await admin.get(path)).body)).not.toContain(key);
    await gate.open('A');
    const closed = await admin.post('/v1/admin/gate/close', { reason: 'over HTTP' });
    const { closings } = await app.get(GateStore).read();
    expect(JSON.stringify(closed.body)).not.toContain(closings[0]!.key);
  });

  it('ends a writer whose process stands still in the middle of its transaction', async () => {
    const frozen = await connectTo(app.environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);
    const ended = new Promise((resolve) => frozen.on('error', resolve));
    await frozen.query('BEGIN');
    await frozen.query('DELETE FROM activities WHERE recipient_id = $1', [fans[0]!.id]);
    const { status } = await gate.close({ reason: 'a frozen writer', by: 'A', timeoutMs: 30_000 });
    expect(status.state).toBe('closed');
    await ended;
    await expect(frozen.query('COMMIT')).rejects.toThrow();
  });

  it('gives up on one that goes on writing, opens again, says so, and keeps it in its history', async () => {
    await writer.query('BEGIN');
    const busy = writer.query(`INSERT INTO activities SELECT 1, 1, 1, 1, 1, 1 FROM pg_sleep(60)`);
    const stopped = expect(busy).rejects.toThrow(/cancel/);
    const { status, body } = await admin.post('/v1/admin/gate/close', {
      reason: 'too busy',
      timeoutSeconds: 1,
    });
    expect({ status, ...body }).toMatchObject({
      status: 409,
      type: 'urn:sluice:problem:gate-timeout',
      detail: expect.stringMatching(/shard-0 has transactions that go on writing/),
    });
    expect([(await gate.status()).state, await fences(), await isPaused()]).toEqual([
      'open',
      [false, false],
      false,
    ]);
    expect(await latest()).toMatchObject({ reason: 'too busy', opening: 'timeout', quietAt: null });
    const admins = await connectTo(app.environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);
    await admins.query(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
    );
    await admins.end();
    await stopped;
    await writer.query('ROLLBACK');
  });

  it('mends a fence that is not what it should be, in either direction, and hears no order that came late', async () => {
    const [shard] = app.get(ShardRouter).shards;
    const before = await app.get(GateStore).read();
    await gate.close({ reason: 'mending', by: 'A' });
    await app.get(Fence).set(shard!, { closed: false, key: null, revision: before.revision });
    expect(await fences()).toEqual([true, true]);
    await writer.query('UPDATE activities_fence SET closed = false, key = NULL');
    await expect.poll(fences, PATIENCE).toEqual([true, true]);
    await gate.open('A');
    await writer.query(
      `UPDATE activities_fence SET closed = true, key = 'invented', revision = revision + 1000`,
    );
    await expect.poll(fences, PATIENCE).toEqual([false, false]);
  });

  it('tells metrics what it tells its operators', async () => {
    await gate.close({ reason: 'metrics', by: 'A', shard: 1 });
    const { body } = await app.anonymous().get('/metrics');
    expect(body).toMatch(/^sluice_gate_closed\{shard="all"\} 0$/m);
    expect(body).toMatch(/^sluice_gate_closed\{shard="1"\} 1$/m);
    expect(body).toMatch(/^sluice_backlog_rows 0$/m);
    expect(body).toMatch(/^sluice_backlog_redis_bytes \d+$/m);
  });

  it('has a history that can be read to its end, the latest first', async () => {
    const all = await admin.all('/v1/admin/gate/history?limit=3');
    expect(all.length).toBeGreaterThan(8);
    const ids = all.map(({ id }: { id: string }) => BigInt(id));
    expect(ids).toEqual([...ids].sort((a, b) => (a > b ? -1 : 1)));
    expect(all.every(({ openedAt }: { openedAt: string | null }) => openedAt !== null)).toBe(true);
    expect((await admin.get('/v1/admin/gate/history?cursor=nonsense')).status).toBe(400);
    expect((await crowd.author.get('/v1/admin/gate/history')).status).toBe(403);
  });
});
