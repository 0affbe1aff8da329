import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { ActivityEvent, Recipient } from '../../src/activities/activity.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { connectTo, maintenanceUrl } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => (app = await TestApp.start({ ROLES: 'http' })));
afterAll(() => app.stop());

const event = (entryId: string): ActivityEvent => ({
  kind: 'post',
  entryId,
  actorId: '7',
  subjectId: entryId,
});
const recipients = (from: number, to: number): Recipient[] =>
  Array.from({ length: to - from }, (_, index) => ({ id: String(from + index), stream: 'friends' }));

describe('writing one event for many', () => {
  it.each([
    ['few', 10],
    ['many', 2_000],
  ])('adds what is missing and leaves alone what is there: %s', async (_, many) => {
    const store = app.get(ActivityStore);
    const post = event(String(many));
    expect(await store.write(post, recipients(1, many))).toEqual({ written: many - 1, refused: [] });
    expect(await store.write(post, recipients(1, many))).toEqual({ written: 0, refused: [] });
    expect(await store.write(post, recipients(many / 2, many * 2))).toEqual({ written: many, refused: [] });
    for (const { id } of recipients(1, many * 2).filter((_, index) => index % 97 === 0)) {
      const page = await store.page(id, 'friends', undefined, 100);
      expect(page.filter(({ entryId }) => entryId === post.entryId)).toEqual([post]);
    }
  });

  it('writes each row once when the same batch is written several times at once', async () => {
    const store = app.get(ActivityStore);
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => store.write(event('5000'), recipients(1, 3_001))),
    );
    expect(outcomes.reduce((sum, { written }) => sum + written, 0)).toBe(3_000);
  });
});

describe('writing while a shard refuses', () => {
  const many = recipients(1, 1_001);
  const idsOf = (shard: number) => {
    const router = app.get(ShardRouter);
    return many.filter(({ id }) => router.shardOf(id) === router.shards[shard]).map(({ id }) => id);
  };
  const rowsOf = async (entryId: string) => {
    const text = 'SELECT recipient_id AS id FROM activities WHERE entry_id = $1 ORDER BY recipient_id';
    const query = { name: 'test_rows_of', text };
    const rows = await Promise.all(
      app.get(ShardRouter).shards.map((shard) => shard.query<{ id: string }>(query, [entryId])),
    );
    return rows.map((found) => found.map(({ id }) => id));
  };

  it('writes to the others and says whom a closed shard refused', async () => {
    const shard = await connectTo(app.environment.ACTIVITY_SHARD_URLS!.split(',')[1]!);
    try {
      await shard.query(`
        CREATE FUNCTION shut() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE 'closed' USING ERRCODE = 'SL001'; END $$;
        CREATE TRIGGER shut BEFORE INSERT ON activities FOR EACH STATEMENT EXECUTE FUNCTION shut()`);
      const { written, refused } = await app.get(ActivityStore).write(event('6000'), many);
      expect(written).toBe(idsOf(0).length);
      expect(refused).toEqual([{ shard: 1, reason: 'closed', recipients: expect.anything() }]);
      expect(refused[0]!.recipients.map(({ id }) => id)).toEqual(idsOf(1));
      expect(await rowsOf('6000')).toEqual([idsOf(0), []]);
    } finally {
      await shard.query('DROP FUNCTION IF EXISTS shut() CASCADE');
      await shard.end();
    }
    expect(await app.get(ActivityStore).write(event('6000'), many)).toMatchObject({ refused: [] });
    expect(await rowsOf('6000')).toEqual([idsOf(0), idsOf(1)]);
  });

  it('writes to the others and says whom a shard that is away could not be asked for', async () => {
    const url = app.environment.ACTIVITY_SHARD_URLS!.split(',')[1]!;
    const name = new URL(url).pathname.slice(1);
    const admin = await connectTo(maintenanceUrl(url));
    const allow = (yes: boolean) => admin.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${yes}`);
    try {
      await allow(false);
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      const { written, refused } = await app.get(ActivityStore).write(event('7000'), many);
      expect([written, refused.map(({ shard, reason }) => [shard, reason])]).toEqual([
        idsOf(0).length,
        [[1, 'unavailable']],
      ]);
    } finally {
      await allow(true);
      await admin.end();
    }
    expect(await app.get(ActivityStore).write(event('7000'), many)).toMatchObject({ refused: [] });
    expect(await rowsOf('7000')).toEqual([idsOf(0), idsOf(1)]);
  });

  it('throws what is no refusal', async () => {
    const invented = { ...event('8000'), entryId: 'no number' };
    await expect(app.get(ActivityStore).write(invented, many)).rejects.toThrow('no number');
  });
});
