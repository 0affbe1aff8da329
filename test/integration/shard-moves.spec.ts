import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { Recipient } from '../../src/activities/activity.js';
import { Gate } from '../../src/fanout/gate.js';
import { IndexBuilds } from '../../src/ops/index-builds.js';
import { ShardAdditions } from '../../src/ops/shard-additions.js';
import { ShardBalance } from '../../src/ops/shard-balance.js';
import { ShardMoves, type StartedMove } from '../../src/ops/shard-moves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { Accounts } from '../../src/users/accounts.js';
import { HeldMoves } from '../support/held-moves.js';
import { emptyDatabase, leftovers, partitionsOf } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 30_000, interval: 20 };
const people = Array.from({ length: 640 }, (_, index): Recipient => ({
  id: String(index + 1),
  stream: 'friends',
}));

describe('buckets that move between shards', () => {
  let app: TestApp;
  let other: TestApp;
  let moves: ShardMoves;
  let shards: pg.Client[];
  const written: string[] = [];

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    other = await TestApp.start({ ROLES: 'http' }, app.environment);
    moves = app.get(ShardMoves);
    const url = await emptyDatabase(app.environment);
    const urls = [...app.environment.ACTIVITY_SHARD_URLS!.split(','), url];
    const added = await app.get(ShardAdditions).add({ url, by: 'a test' });
    expect(added).toMatchObject({ shard: 2, name: 'shard-2' });
    expect(JSON.stringify(added)).not.toContain(new URL(url).password);
    shards = await Promise.all(urls.map(connectTo));
  });
  afterAll(async () => {
    await Promise.all(shards.map((shard) => shard.end()));
    await other.stop();
    await app.stop();
  });

  const write = async (by = app) => {
    const entryId = String(1_000 + written.length);
    const event = { kind: 'post', entryId, actorId: '7', subjectId: entryId } as const;
    expect(await by.get(ActivityStore).write(event, people)).toEqual({ written: people.length, refused: [] });
    written.push(entryId);
  };
  const read = async ({ id, stream }: Recipient, by = app) => {
    const expected = [...written];
    const page = await by.get(ActivityStore).page(id, stream, undefined, 10_000);
    const found = new Set(page.map(({ entryId }) => entryId));
    expect(expected.filter((entryId) => !found.has(entryId))).toEqual([]);
    return page.length;
  };
  /** Each has everything once, and nothing lies with anybody but the owner, once moves are over. */
  const everyoneHasAll = async (copies = 0) => {
    const answers = await Promise.all(
      shards.map((shard) =>
        shard.query<{ id: string; rows: number }>(
          'SELECT recipient_id AS id, count(*)::int AS rows FROM activities GROUP BY 1',
        ),
      ),
    );
    const rows = answers.flatMap((answer) => answer.rows);
    expect(rows).toHaveLength(people.length + copies);
    expect(rows.filter((row) => row.rows !== written.length)).toEqual([]);
  };
  const ended = async ({ id, finished }: StartedMove) => {
    await finished;
    return moves.find(id);
  };
  /** Does something while rows are written and read by two processes. */
  const underLoad = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    let going = true;
    const writing = (async () => {
      while (going) {
        await write(written.length % 2 === 0 ? app : other);
        await delay(20);
      }
    })();
    const reading = people.slice(0, 4).map(async (person, index) => {
      while (going) {
        await read(person, index % 2 === 0 ? app : other);
        await delay(5);
      }
    });
    try {
      return await work();
    } finally {
      going = false;
      await Promise.all([writing, ...reading]);
    }
  };
  const inBuckets = (buckets: readonly number[]) =>
    people.filter(({ id }) => buckets.includes(bucketOf(id))).length;
  const first = [0, 2, 4, 6];
  const second = [1, 3];

  it('are read and written throughout, and every row is there once, also after a rollback and another move', async () => {
    for (let i = 0; i < 20; i++) await write();
    const moved = await underLoad(async () => ended(await moves.start(first, 2, 'a test')));
    expect(moved).toMatchObject({ error: null, state: 'moved', source: 0, target: 2, buckets: first });
    expect(moved.writePauseMs).toBeLessThan(1_000);
    expect(moved.rowsCompared).toBeGreaterThanOrEqual(20 * inBuckets(first));
    expect((await partitionsOf(shards[2]!)).readable).toEqual(first);
    expect((await partitionsOf(shards[0]!)).readable).not.toContain(0);
    await expect.poll(() => other.get(ShardRouter).ownerOf(0).name, PATIENCE).toBe('shard-2');
    const back = await underLoad(async () => ended(await moves.rollback(moved.id)));
    expect(back).toMatchObject({ error: null, state: 'returned' });
    expect(await leftovers(shards)).toEqual([]);
    expect((await partitionsOf(shards[2]!)).leaves).toEqual([]);
    await everyoneHasAll();

    const again = await underLoad(async () => ended(await moves.start(first, 2, 'a test')));
    expect(again).toMatchObject({ error: null, state: 'moved' });
    const done = await underLoad(async () => ended(await moves.finish(again.id)));
    expect(done).toMatchObject({ error: null, state: 'done' });
    expect(await leftovers(shards)).toEqual([]);
    expect((await partitionsOf(shards[0]!)).leaves).not.toContain(0);
    await everyoneHasAll();
    for (const person of people) expect(await read(person)).toBe(written.length);
  });

  it('carry removals and changes of rows along, both ways', async () => {
    const [person] = people.filter(({ id }) => second.includes(bucketOf(id)));
    const change = async (from: number, entry: number, to: number) => {
      const text = 'UPDATE activities SET entry_id = $3 WHERE recipient_id = $1 AND entry_id = $2';
      expect((await shards[from]!.query(text, [person!.id, entry, to])).rowCount).toBe(1);
    };
    const entries = async (on: number) => {
      const text =
        'SELECT entry_id::int AS entry FROM activities WHERE recipient_id = $1 ORDER BY 1 DESC LIMIT 3';
      return (await shards[on]!.query<{ entry: number }>(text, [person!.id])).rows.map(({ entry }) => entry);
    };
    const move = await moves.start(second, 2, 'a test');
    await change(1, 1_000, 900_001);
    expect((await ended(move)).state).toBe('moved');
    expect((await entries(2))[0]).toBe(900_001);
    await change(2, 1_001, 900_002);
    await shards[2]!.query('DELETE FROM activities WHERE recipient_id = $1 AND entry_id = 1002', [
      person!.id,
    ]);
    await expect.poll(() => entries(1), PATIENCE).toEqual(await entries(2));
    expect((await ended(await moves.rollback(move.id))).state).toBe('returned');
    expect((await entries(1)).slice(0, 2)).toEqual([900_002, 900_001]);
    await change(1, 900_001, 1_000);
    await change(1, 900_002, 1_001);
    await shards[1]!.query(
      `INSERT INTO activities SELECT recipient_id, stream, 1002, kind, actor_id, 1002 FROM activities
       WHERE recipient_id = $1 AND entry_id = 1003`,
      [person!.id],
    );
    await everyoneHasAll();
    expect(await leftovers(shards)).toEqual([]);
  });

  it('are given up without a trace while they are still where they were', async () => {
    const move = await moves.start(second, 0, 'a test');
    const aborted = await ended(await moves.abort(move.id));
    expect(aborted).toMatchObject({ error: null, state: 'aborted' });
    expect(await leftovers(shards)).toEqual([]);
    await everyoneHasAll();
    await write();
  });

  it('are not handed over when the copy differs', async () => {
    const held = await HeldMoves.prepare(app.environment);
    await held.hold('comparing');
    const move = await moves.start([3], 2, 'a test');
    await held.reached();
    await shards[2]!.query('SET session_replication_role = replica');
    const { rowCount } = await shards[2]!.query(
      'DELETE FROM activities_b03 WHERE ctid = (SELECT ctid FROM activities_b03 LIMIT 1)',
    );
    expect(rowCount).toBe(1);
    await shards[2]!.query('RESET session_replication_role');
    await held.release(true);
    await held.end();
    const stuck = await ended(move);
    expect(stuck).toMatchObject({ state: 'comparing', carriedOn: false });
    expect(stuck.error).toMatch(/activities_b03 differs among the recipients/);
    await expect(moves.start([5], 2, 'a test')).rejects.toMatchObject({ key: 'shard-move-running' });
    expect(await ended(await moves.abort(move.id))).toMatchObject({ state: 'aborted', error: null });
    expect(await leftovers(shards)).toEqual([]);
    await everyoneHasAll();
  });

  it('move neither beside an index build or a repair nor behind a closed gate, nor these beside them', async () => {
    const move = await ended(await moves.start([3], 2, 'a test'));
    const index = { columns: ['actor_id'], name: 'beside', by: 'a test' };
    await expect(app.get(IndexBuilds).start(index)).rejects.toMatchObject({ key: 'shard-move-running' });
    await ended(await moves.finish(move.id));
    const { finished } = await app.get(IndexBuilds).start(index);
    await expect(moves.start([5], 2, 'a test')).rejects.toMatchObject({
      key: expect.stringMatching(/index-build-running|gate-closed/) as string,
    });
    await finished;
    await app.get(Gate).close({ reason: 'a test', by: 'a test', shard: 1 });
    await expect(moves.start([5], 2, 'a test')).rejects.toMatchObject({ key: 'gate-closed' });
    await app.get(Gate).open('a test', { shard: 1 });
    await (
      await app.get(IndexBuilds).start({ drop: 'beside', by: 'a test' })
    ).finished;
  });

  it('are refused where they make no sense', async () => {
    for (const [buckets, target] of [
      [[], 2],
      [[64], 2],
      [[-1], 2],
      [[1.5], 2],
      [[5], 9],
      [[5], 1],
      [[8, 5], 2],
    ] as const)
      await expect(moves.start(buckets, target, 'a test')).rejects.toMatchObject({ key: 'invalid-request' });
    await expect(moves.find('1')).rejects.toMatchObject({ key: 'not-found' });
    await expect(moves.resume('1')).rejects.toMatchObject({ key: 'not-found' });
    const { id } = (await moves.list())[0]!;
    for (const act of ['finish', 'rollback', 'abort', 'resume'] as const)
      await expect(moves[act](id)).rejects.toMatchObject({ key: 'shard-move-running' });
  });

  it('are begun, watched and taken back over HTTP, by admins alone', async () => {
    const admin = await app.signUp('admin');
    const path = '/v1/admin/shard-moves';
    expect((await admin.get(path)).status).toBe(403);
    await app.get(Accounts).setRole('admin', 'admin');
    const wrong = await admin.post(path, { buckets: [5], to: 1 });
    expect(wrong).toMatchObject({ status: 400, body: { type: 'urn:sluice:problem:invalid-request' } });
    const begun = await admin.post(path, { buckets: [5], to: 2 });
    expect(begun).toMatchObject({ status: 202, body: { source: 1, target: 2, carriedOn: true } });
    const state = async () => (await admin.get(`${path}/${begun.body.id}`)).body.state as string;
    await expect.poll(state, PATIENCE).toBe('moved');
    expect((await admin.delete(`${path}/${begun.body.id}`)).status).toBe(409);
    expect((await admin.post(`${path}/${begun.body.id}/rollback`)).status).toBe(202);
    await expect.poll(state, PATIENCE).toBe('returned');
    expect((await admin.get(path)).body.data[0]).toMatchObject({ id: begun.body.id, state: 'returned' });
    expect((await admin.post(`${path}/rebalance`, {})).body.data.length).toBeGreaterThan(0);
    const [known] = app.environment.ACTIVITY_SHARD_URLS!.split(',');
    const twice = await admin.post('/v1/admin/shards', { url: known });
    expect(twice).toMatchObject({ status: 409, body: { type: 'urn:sluice:problem:shard-unfit' } });
    expect(JSON.stringify(twice.body)).not.toContain(new URL(known!).password);
  });

  it('are chosen so that rows are even', async () => {
    await Promise.all(shards.map((shard) => shard.query('ANALYZE activities')));
    const plan = await app.get(ShardBalance).plan();
    expect(plan.map(({ target }) => target)).toEqual([2, 2]);
    expect(plan.flatMap(({ buckets }) => buckets).length).toBeGreaterThan(6);
    const half = await app.get(ShardBalance).half(0, 2);
    expect(half.buckets.length).toBeGreaterThan(4);
  });
});
