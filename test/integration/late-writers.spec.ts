import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { Recipient } from '../../src/activities/activity.js';
import { leafOf } from '../../src/activities/leaves.js';
import { ShardMoves } from '../../src/ops/shard-moves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { HeldMoves } from '../support/held-moves.js';
import { ShardedServers } from '../support/sharded-servers.js';
import { leftovers } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const BUCKET = 4;
const people = Array.from({ length: 400 }, (_, index): Recipient => ({
  id: String(index + 1),
  stream: 'friends',
})).filter(({ id }) => bucketOf(id) === BUCKET);

const written = (entryId: string) => ({ kind: 'post', entryId, actorId: '7', subjectId: entryId }) as const;

/** Both shards are servers of their own, so that a transaction on the one keeps nothing waiting on the other. */
describe('who writes to a bucket on its old shard although it is handed over', () => {
  let stores: ShardedServers;
  let app: TestApp;
  let late: TestApp;
  let moves: ShardMoves;
  let old: pg.Client;

  beforeAll(async () => {
    stores = await ShardedServers.start();
    app = await TestApp.start({ ROLES: 'http' }, stores.environment);
    late = await TestApp.start({ ROLES: 'http' }, stores.environment);
    moves = app.get(ShardMoves);
    old = await connectTo(stores.servers[0]!.url);
    await app.get(ActivityStore).write(written('1'), people);
  });
  afterAll(async () => {
    await old.end();
    await late.stop();
    await app.stop();
    await stores.stop();
  });

  /** What everybody reads who asks by the newest map. */
  const entries = async () => {
    const pages = people.map(({ id, stream }) => app.get(ActivityStore).page(id, stream, undefined, 1_000));
    return (await Promise.all(pages)).map((page) => page.map(({ entryId }) => entryId).sort());
  };
  const everybodyHas = (...ids: string[]) => people.map(() => [...ids].sort());
  const rolledBack = async (id: string) => {
    await (
      await moves.rollback(id)
    ).finished;
    expect(await moves.find(id)).toMatchObject({ state: 'returned', error: null });
    expect(await stores.onEach((shard) => leftovers([shard]))).toEqual([[], []]);
  };

  it('loses no row when it has not heard of that', async () => {
    await late.get(ShardRouter).beforeApplicationShutdown();
    const { id, finished } = await moves.start([BUCKET], 1, 'a test');
    await finished;
    expect((await moves.find(id)).state).toBe('moved');
    expect(late.get(ShardRouter).ownerOf(BUCKET).name).toBe('shard-0');
    expect(await late.get(ActivityStore).write(written('2'), people)).toEqual({
      written: people.length,
      refused: [],
    });
    expect(await entries()).toEqual(everybodyHas('1', '2'));
    await rolledBack(id);
    expect(await entries()).toEqual(everybodyHas('1', '2'));
  });

  it('loses no row when it has begun before that, and ends after it', async () => {
    const before = await entries();
    const held = await HeldMoves.prepare(stores.environment);
    await held.hold('switching');
    const { id, finished } = await moves.start([BUCKET], 1, 'a test');
    await held.reached();
    await old.query('BEGIN');
    for (const person of people)
      await old.query(
        `INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
         SELECT recipient_id, stream, 3, kind, actor_id, 3 FROM activities WHERE recipient_id = $1 AND entry_id = 1`,
        [person.id],
      );
    await held.release(true);
    // Somebody waits for its end, or has not.
    const isAwaited = async () =>
      (
        await old.query(`SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted`, [
          leafOf(BUCKET),
        ])
      ).rowCount! > 0;
    await expect
      .poll(async () => (await isAwaited()) || (await moves.find(id)).state === 'moved', PATIENCE)
      .toBe(true);
    await old.query('COMMIT');
    await finished;
    await held.end();
    expect(await moves.find(id)).toMatchObject({ state: 'moved', error: null });
    expect(await entries()).toEqual(before.map((ids) => [...ids, '3']));
    await rolledBack(id);
    expect(await entries()).toEqual(before.map((ids) => [...ids, '3']));
  });
});
