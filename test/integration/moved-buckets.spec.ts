import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { Recipient } from '../../src/activities/activity.js';
import {
  closeLeafToReaders,
  closeLeafToWriters,
  dropLeaf,
  leafOf,
  makeLeaf,
  openLeaf,
  tidyLeaf,
} from '../../src/activities/leaves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const everybody = Array.from({ length: 600 }, (_, index): Recipient => ({
  id: String(index + 1),
  stream: 'friends',
}));
const inBucket = (bucket: number) => everybody.filter(({ id }) => bucketOf(id) === bucket);

describe('a bucket that moves', () => {
  let app: TestApp;
  let primary: pg.Client;
  let shards: pg.Client[];
  const written: string[] = [];

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    primary = await connectTo(app.environment.DATABASE_URL!);
    shards = await Promise.all(app.environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
  });
  afterAll(async () => {
    await Promise.all([primary, ...shards].map((client) => client.end()));
    await app.stop();
  });

  const write = async () => {
    const entryId = String(1_000 + written.length);
    const event = { kind: 'post', entryId, actorId: '7', subjectId: entryId } as const;
    expect(await app.get(ActivityStore).write(event, everybody)).toEqual({
      written: everybody.length,
      refused: [],
    });
    written.push(entryId);
  };
  /** What a recipient reads holds everything whose write had been answered before. */
  const read = async ({ id, stream }: Recipient) => {
    const expected = [...written];
    const page = await app.get(ActivityStore).page(id, stream, undefined, 10_000);
    const found = new Set(page.map(({ entryId }) => entryId));
    expect(expected.filter((entryId) => !found.has(entryId))).toEqual([]);
  };
  const everyoneHasAll = async () => {
    const answers = await Promise.all(
      shards.map((shard) =>
        shard.query<{ id: string; rows: number }>(
          'SELECT recipient_id AS id, count(*)::int AS rows FROM activities GROUP BY 1',
        ),
      ),
    );
    const rows = answers.flatMap((answer) => answer.rows);
    expect(rows).toHaveLength(everybody.length);
    expect(rows.filter((row) => row.rows !== written.length)).toEqual([]);
  };
  const flip = (bucket: number, to: number) =>
    primary.query('UPDATE shard_buckets SET shard = $2 WHERE bucket = $1', [bucket, to]);

  /** Moves a bucket by hand. */
  const move = async (bucket: number, from: number, to: number) => {
    await makeLeaf(shards[to]!, bucket);
    await closeLeafToWriters(shards[from]!, bucket);
    await copy(bucket, shards[from]!, shards[to]!);
    await openLeaf(shards[to]!, bucket);
    await closeLeafToReaders(shards[from]!, bucket);
    await flip(bucket, to);
  };
  /** Past the trigger that keeps everybody else out, as logical replication does. */
  const copy = async (bucket: number, from: pg.Client, to: pg.Client) => {
    const { rows } = await from.query<{ row: string }>(
      `SELECT leaf::text AS row FROM ${leafOf(bucket)} AS leaf`,
    );
    await to.query('SET session_replication_role = replica');
    await to.query('INSERT INTO activities SELECT (row::activities).* FROM unnest($1::text[]) AS row', [
      rows.map(({ row }) => row),
    ]);
    await to.query('RESET session_replication_role');
  };

  it('is read and written all the time, and every row is there once', async () => {
    await write();
    const bucket = 5;
    let moving = true;
    const writing = (async () => {
      while (moving) await write();
    })();
    const reading = inBucket(bucket).map(async (recipient) => {
      while (moving) await read(recipient);
    });
    for (const [from, to] of [
      [1, 0],
      [0, 1],
      [1, 0],
    ] as const) {
      await move(bucket, from, to);
      // Until now the shard that had the bucket still holds its rows, which are out of date.
      const before = written.length;
      await vi.waitFor(() => expect(written.length).toBeGreaterThan(before), { timeout: 20_000 });
      await dropLeaf(shards[from]!, bucket);
    }
    moving = false;
    await Promise.all([writing, ...reading]);
    await everyoneHasAll();
    expect(written.length).toBeGreaterThan(3);
  });

  it('is known to have moved within a second to a process that neither reads nor writes', async () => {
    const router = app.get(ShardRouter);
    const [recipient] = inBucket(5);
    await flip(5, 1);
    await expect.poll(() => router.shardOf(recipient!.id).name, { timeout: 20_000 }).toBe('shard-1');
    await router.assign([5], 0);
    expect(router.shardOf(recipient!.id).name).toBe('shard-0');
  });

  it('is found by a process that has not heard of the move', async () => {
    const router = app.get(ShardRouter);
    await router.beforeApplicationShutdown();
    const bucket = 8;
    const [recipient] = inBucket(bucket) as [Recipient];
    /** Moves the bucket and uses it before this process has heard of that. */
    const moveAnd = async (from: number, to: number, act: () => Promise<void>) => {
      await move(bucket, from, to);
      expect(router.ownerOf(bucket).name).toBe(`shard-${from}`);
      await act();
      expect(router.ownerOf(bucket).name).toBe(`shard-${to}`);
    };
    await moveAnd(0, 1, () => read(recipient));
    await dropLeaf(shards[0]!, bucket);
    await moveAnd(1, 0, write);
    await read(recipient);
    await dropLeaf(shards[1]!, bucket);
    await moveAnd(0, 1, () => dropLeaf(shards[0]!, bucket).then(() => read(recipient)));
    await moveAnd(1, 0, () => dropLeaf(shards[1]!, bucket).then(write));
    await everyoneHasAll();
  });

  it('takes nothing on a shard that has handed it over but still holds its rows', async () => {
    const bucket = 11;
    const [{ id }] = inBucket(bucket) as [Recipient];
    const nobodyWrites = async () => {
      await closeLeafToWriters(shards[1]!, bucket);
      for (const table of ['activities', leafOf(bucket)]) {
        for (const text of [
          `INSERT INTO ${table} VALUES (${id}, 1, 1, 1, 1, 1)`,
          `DELETE FROM ${table} WHERE recipient_id = ${id}`,
        ])
          await expect(shards[1]!.query(text)).rejects.toMatchObject({ code: 'SL002' });
      }
    };
    await nobodyWrites();
    await openLeaf(shards[1]!, bucket);
    await write();
    // Again, with what the first time has left.
    await nobodyWrites();
    await openLeaf(shards[1]!, bucket);
    await tidyLeaf(shards[1]!, bucket);
    await write();
    await everyoneHasAll();
  });

  it('opens while somebody reads for long', async () => {
    const bucket = 13;
    await closeLeafToWriters(shards[1]!, bucket);
    const reader = await connectTo(app.environment.ACTIVITY_SHARD_URLS!.split(',')[1]!);
    await reader.query(`BEGIN; SELECT count(*) FROM ${leafOf(bucket)}`);
    await openLeaf(shards[1]!, bucket);
    await tidyLeaf(shards[1]!, bucket);
    await write();
    await reader.end();
  });

  it('is unavailable while it is nowhere, which is not for ever', async () => {
    const bucket = 12;
    await closeLeafToReaders(shards[0]!, bucket);
    await closeLeafToWriters(shards[0]!, bucket);
    await expect(read(inBucket(bucket)[0]!)).rejects.toMatchObject({ key: 'unavailable' });
    const event = { kind: 'post', entryId: '500', actorId: '7', subjectId: '500' } as const;
    expect(await app.get(ActivityStore).write(event, everybody)).toEqual({
      written: everybody.length - inBucket(bucket).length,
      refused: [{ shard: 0, reason: 'unavailable', recipients: inBucket(bucket) }],
    });
    await openLeaf(shards[0]!, bucket);
    await read(inBucket(bucket)[0]!);
  });
});
