import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChunkQueue } from '../../src/fanout/chunk-queue.js';
import { FanOut } from '../../src/fanout/fan-out.js';
import { Gate } from '../../src/fanout/gate.js';
import type { Receipt } from '../../src/fanout/receipt-reader.js';
import { type OpenChunk, Receipts } from '../../src/fanout/receipts.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from '../support/client.js';
import { connectTo, maintenanceUrl } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const FANS = 35;
const PATIENCE = { timeout: 30_000, interval: 20 };
const NOBODY = { blocked: 0, muted: 0, left: 0, dormant: 0 };

let app: TestApp;
let admin: Client;
let author: Client;
let fans: Client[];
let shards: pg.Client[];

async function begin(settings: Record<string, string> = {}): Promise<void> {
  app = await TestApp.start({ FANOUT_CHUNK_SIZE: '10', ...settings });
  admin = await app.admin();
  author = await app.user('author');
  fans = await Promise.all(Array.from({ length: FANS }, (_, i) => app.user(`fan${i}`)));
  await Promise.all(fans.map((fan, i) => fan.follow(author, i % 5 === 0 ? 'noise' : 'friend')));
  shards = await Promise.all(app.environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
}

afterEach(async () => {
  await Promise.all(shards.map((shard) => shard.end().catch(() => undefined)));
  await app.stop();
});

const publish = async (by = author): Promise<Id> => (await by.post('/v1/posts', { body: 'hello' })).body.id;
const receipt = async (post: Id) => (await admin.get(`/v1/admin/fanouts/${post}`)).body as Receipt;
const holders = async (post: Id): Promise<Id[][]> => {
  const text = 'SELECT recipient_id AS id FROM activities WHERE subject_id = $1 AND kind = 1';
  const answers = await Promise.all(shards.map((shard) => shard.query<{ id: Id }>(text, [post])));
  return answers.map(({ rows }) => rows.map(({ id }) => id).sort());
};
const fansOn = (shard: number): Id[] => {
  const router = app.get(ShardRouter);
  const there = fans.filter(({ id }) => router.shardOf(id) === router.shards[shard]);
  return there.map(({ id }) => id).sort();
};

describe('a receipt', () => {
  // Without a worker: each step is taken by the test itself.
  beforeEach(() => begin({ ROLES: 'http' }));

  it('says who got the post and why the others did not, whatever happens between planning and writing', async () => {
    const post = await publish();
    expect(await receipt(post)).toMatchObject({ state: 'waiting', startedAt: null, chunks: 0 });
    const job = { postId: post, authorId: author.id };
    await app.get(FanOut).publish(job, '1');
    expect(await receipt(post)).toMatchObject({
      state: 'running',
      expected: FANS,
      written: 0,
      chunksLeft: 4,
    });

    await fans[0]!.put(`/v1/relationships/${author.id}`, { kind: 'block' });
    await author.put(`/v1/relationships/${fans[1]!.id}`, { kind: 'block' });
    await fans[2]!.put(`/v1/relationships/${author.id}`, { kind: 'mute' });
    await fans[3]!.delete(`/v1/relationships/${author.id}`);
    await fans[4]!.delete(`/v1/relationships/${author.id}`);
    await fans[4]!.follow(author);
    await fans[6]!.follow(author, 'noise');
    await (await app.user('late')).follow(author);
    await app
      .user('stranger')
      .then((stranger) => stranger.put(`/v1/relationships/${author.id}`, { kind: 'block' }));

    for (const number of [0, 1, 2, 3]) {
      const write = () => app.get(FanOut).writeChunk({ ...job, number });
      await Promise.all([write(), write()]);
      await write();
    }
    const left = { blocked: 2, muted: 1, left: 1, dormant: 0 };
    expect(await receipt(post)).toMatchObject({
      state: 'done',
      expected: FANS,
      written: FANS - 4,
      skipped: left,
    });
    expect(await receipt(post)).toMatchObject({ chunks: 4, chunksDone: 4, chunksLeft: 0, secondsLeft: 0 });
    expect((await holders(post)).flat().sort()).toEqual(
      fans
        .filter((_, i) => i > 3)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('estimates the time that is left, and is for admins alone', async () => {
    const post = await publish();
    const job = { postId: post, authorId: author.id };
    await app.get(FanOut).publish(job, '1');
    expect((await receipt(post)).secondsLeft).toBeNull();
    await app.get(FanOut).writeChunk({ ...job, number: 0 });
    const half = await receipt(post);
    expect(half).toMatchObject({ written: 10, chunksDone: 1, chunksLeft: 3, finishedAt: null });
    expect(half.secondsLeft).toBeGreaterThan(0);
    expect((await author.get(`/v1/admin/fanouts/${post}`)).status).toBe(403);
    expect((await admin.get('/v1/admin/fanouts/123')).body.type).toBe('urn:sluice:problem:not-found');
  });

  it('is closed with nothing written when the post is gone, and when nobody follows', async () => {
    const post = await publish();
    await author.delete(`/v1/posts/${post}`);
    expect(await app.get(FanOut).publish({ postId: post, authorId: author.id }, '1')).toBe(true);
    expect(await receipt(post)).toMatchObject({ state: 'done', expected: 0, written: 0, skipped: NOBODY });
    const unheard = await publish(fans[0]);
    expect(await app.get(FanOut).publish({ postId: unheard, authorId: fans[0]!.id }, '2')).toBe(true);
    expect(await receipt(unheard)).toMatchObject({ state: 'done', expected: 0, chunks: 0 });
  });
});

describe('the lanes', () => {
  beforeEach(() => begin({ FANOUT_CONCURRENCY: '2' }));

  it('let small posts through while every chunk that may run is stuck', async () => {
    const large: Id[] = ['1001', '1002', '1003', '1004'];
    const chunks: OpenChunk[] = [];
    for (const postId of large) {
      await app.get(Receipts).begin(postId, author.id, '1');
      const { handed } = (await app.get(Receipts).plan(postId, author.id))!;
      chunks.push(...handed.map((number) => ({ postId, authorId: author.id, number })));
    }
    const primary = await connectTo(app.environment.DATABASE_URL!);
    try {
      await primary.query('BEGIN');
      await primary.query('SELECT FROM fanouts WHERE post_id = ANY ($1) FOR UPDATE', [large]);
      await app.get(ChunkQueue).add(chunks, false);
      const fan = await app.user('fan of a fan');
      await fan.follow(fans[0]!);
      for (let i = 0; i < 5; i++) {
        const small = await publish(fans[0]);
        await expect.poll(async () => (await holders(small)).flat(), PATIENCE).toEqual([fan.id]);
      }
      for (const post of large) expect(await receipt(post)).toMatchObject({ state: 'planning', written: 0 });
    } finally {
      await primary.query('ROLLBACK');
      await primary.end();
    }
    for (const postId of large) {
      await app.get(ChunkQueue).addPlan({ postId, authorId: author.id });
      await expect.poll(() => receipt(postId), PATIENCE).toMatchObject({ state: 'done', written: FANS });
    }
  });
});

describe('a shard that takes nothing', () => {
  beforeEach(() => begin());

  const metrics = async () => (await fetch(new URL('/metrics', app.url))).text();

  async function closeShard(): Promise<() => Promise<unknown>> {
    await app.get(Gate).close({ reason: 'a test', by: 'test', shard: 1 });
    return () => app.get(Gate).open('test', { shard: 1 });
  }

  async function takeShardAway(): Promise<() => Promise<unknown>> {
    const url = app.environment.ACTIVITY_SHARD_URLS!.split(',')[1]!;
    const name = new URL(url).pathname.slice(1);
    const maintenance = await connectTo(maintenanceUrl(url));
    await shards[1]!.end();
    await maintenance.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    await maintenance.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      name,
    ]);
    return async () => {
      await maintenance.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
      await maintenance.end();
      shards[1] = await connectTo(url);
    };
  }

  it.each([
    ['closed', closeShard],
    ['unavailable', takeShardAway],
  ] as const)(
    'keeps only its own recipients waiting, who get everything once it is back: %s',
    async (reason, begin) => {
      await app.drained();
      const end = await begin();
      const posts = [await publish(), await publish()];
      const [smallAuthor] = fans;
      const followers = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => fans[i]!);
      for (const follower of followers) await follower.follow(smallAuthor!);
      posts.push(await publish(smallAuthor));
      const [onFirst, onSecond] = [fansOn(0), fansOn(1)];
      const waiting = onSecond.length;
      for (const post of posts.slice(0, 2)) {
        await expect
          .poll(async () => (await receipt(post)).waitingFor, PATIENCE)
          .toEqual([{ shard: 1, rows: waiting }]);
        expect(await receipt(post)).toMatchObject({
          state: 'running',
          written: onFirst.length,
          skipped: NOBODY,
        });
        const text = 'SELECT recipient_id AS id FROM activities WHERE subject_id = $1 AND kind = 1';
        const { rows } = await shards[0]!.query<{ id: Id }>(text, [post]);
        expect(rows.map(({ id }) => id).sort()).toEqual(onFirst);
      }
      expect(await metrics()).toContain(`sluice_shard_breaker_open{shard="shard-1",reason="${reason}"} 1`);
      expect(await metrics()).toContain(`sluice_shard_breaker_open{shard="shard-0",reason="${reason}"} 0`);

      await end();
      await app.drained();
      for (const post of posts.slice(0, 2)) {
        expect(await holders(post)).toEqual([onFirst, onSecond]);
        expect(await receipt(post)).toMatchObject({
          state: 'done',
          expected: FANS,
          written: FANS,
          waitingFor: [],
        });
      }
      expect((await holders(posts[2]!)).flat().sort()).toEqual(followers.map(({ id }) => id).sort());
      const notified = (await smallAuthor!.get('/v1/notifications')).body.data;
      expect(notified).toHaveLength(followers.length);
      expect(await metrics()).toContain(`sluice_shard_breaker_open{shard="shard-1",reason="${reason}"} 0`);
    },
  );
});
