import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leafOf } from '../../src/activities/leaves.js';
import { ShardMoves } from '../../src/ops/shard-moves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { Accounts } from '../../src/users/accounts.js';
import { HeldMoves } from '../support/held-moves.js';
import { ShardedServers } from '../support/sharded-servers.js';
import { leftovers, partitionsOf } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 60_000, interval: 5 };
const BUCKET = 0;
const NEIGHBOUR = 2;
const ROWS = 20_000;
const recipients = [BUCKET, NEIGHBOUR].map((bucket) =>
  Array.from({ length: 1_000 }, (_, index) => String(index + 1)).find((id) => bucketOf(id) === bucket),
);

describe('the pace of a move', () => {
  let stores: ShardedServers;
  let app: TestApp;
  let moves: ShardMoves;
  let shards: pg.Client[];

  beforeAll(async () => {
    stores = await ShardedServers.start();
    app = await TestApp.start({ ROLES: 'http' }, stores.environment);
    moves = app.get(ShardMoves);
    shards = await Promise.all(stores.servers.map(({ url }) => connectTo(url)));
    for (const recipient of recipients)
      await shards[0]!.query(
        `INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
         SELECT $1, 1, entry, 1, 7, entry FROM generate_series(1, $2::int) AS entry`,
        [recipient, ROWS],
      );
  });
  afterAll(async () => {
    await Promise.all(shards.map((shard) => shard.end()));
    await app.stop();
    await stores.stop();
  });

  const paced = async () =>
    (await shards[1]!.query(`SELECT FROM pg_trigger WHERE tgname = 'pace_copy'`)).rowCount!;
  /** How many sessions that copy rows into the new shard rest, or wait for their turn. */
  const sessions = async (event: 'PgSleep' | 'advisory') => {
    const { rowCount } = await shards[1]!.query(
      `SELECT FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%' AND wait_event = $1`,
      [event],
    );
    return rowCount;
  };
  const resting = () => sessions('PgSleep');
  const rowsOn = async (shard: number) =>
    (await shards[shard]!.query(`SELECT FROM ${leafOf(BUCKET)}`)).rowCount;
  const ended = async (id: string, finished: Promise<void>) => {
    await finished;
    return moves.find(id);
  };

  it('has the copy rest, which leaves nothing behind that paces anything', async () => {
    const { id, finished } = await moves.start([BUCKET], 1, 'a test', 0.05);
    await expect.poll(resting, PATIENCE).toBe(1);
    expect(await ended(id, finished)).toMatchObject({ state: 'moved', error: null, pace: 0.05 });
    expect(await paced()).toBe(0);
    expect(await rowsOn(1)).toBe(ROWS);
    const back = await moves.rollback(id);
    expect(await ended(id, back.finished)).toMatchObject({ state: 'returned', error: null });
    expect(await leftovers(shards)).toEqual([]);
  });

  it('is that of all tables together, which take turns where several are copied at a time', async () => {
    const { id, finished } = await moves.start([BUCKET, NEIGHBOUR], 1, 'a test', 0.02);
    const both = async () => [await resting(), await sessions('advisory')];
    await expect.poll(both, PATIENCE).toEqual([1, 1]);
    await moves.abort(id);
    expect(await ended(id, finished)).toMatchObject({ state: 'aborted', error: null });
    expect(await leftovers(shards)).toEqual([]);
  });

  it('keeps no abort waiting, after which nothing is left either', async () => {
    const { id, finished } = await moves.start([BUCKET], 1, 'a test', 0.01);
    await expect.poll(resting, PATIENCE).toBe(1);
    await moves.abort(id);
    expect(await ended(id, finished)).toMatchObject({ state: 'aborted', error: null });
    expect(await paced()).toBe(0);
    expect(await leftovers(shards)).toEqual([]);
    expect((await partitionsOf(shards[1]!)).leaves).not.toContain(BUCKET);
  });

  it('leaves alone who applies what changes, and a move at full pace', async () => {
    const held = await HeldMoves.prepare(app.environment);
    await held.hold('copying');
    const { id, finished } = await moves.start([BUCKET], 1, 'a test', 1);
    await held.reached();
    expect(await paced()).toBe(0);
    await held.release(true);
    await held.end();
    expect(await ended(id, finished)).toMatchObject({ state: 'moved', error: null, pace: 1 });
    const back = await moves.rollback(id);
    expect(await ended(id, back.finished)).toMatchObject({ state: 'returned', error: null });
  });

  it('is a share of the time, gentle unless given', async () => {
    for (const pace of [0, 0.009, 1.01, -1, Number.NaN])
      await expect(moves.start([BUCKET], 1, 'a test', pace)).rejects.toMatchObject({
        key: 'invalid-request',
      });
    const admin = await app.signUp('admin');
    await app.get(Accounts).setRole('admin', 'admin');
    const path = '/v1/admin/shard-moves';
    for (const pace of [0, 2, 'full', null]) {
      const { status } = await admin.post(path, { buckets: [BUCKET], to: 1, pace });
      expect(status).toBe(400);
    }
    const begun = await admin.post(path, { buckets: [BUCKET], to: 1 });
    expect(begun).toMatchObject({ status: 202, body: { pace: 0.25 } });
    const state = async () => (await admin.get(`${path}/${begun.body.id}`)).body.state as string;
    await expect.poll(state, PATIENCE).toBe('moved');
    expect((await admin.post(`${path}/${begun.body.id}/rollback`)).status).toBe(202);
    await expect.poll(state, PATIENCE).toBe('returned');
  });
});
