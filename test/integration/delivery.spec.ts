import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gate } from '../../src/fanout/gate.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { Queues } from '../../src/platform/queues/queues.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('delivery through the chokepoint', () => {
  let app: TestApp;
  let admin: Client;
  let author: Client;
  let fans: Client[];

  beforeAll(async () => {
    app = await TestApp.start({ FANOUT_CHUNK_SIZE: '10', AUTO_FOLLOW: 'host' });
    admin = await app.admin();
    author = await app.user('author');
    fans = await Promise.all(Array.from({ length: 35 }, (_, i) => app.user(`fan${i}`)));
    await Promise.all(fans.map((fan, i) => fan.follow(author, i % 5 === 0 ? 'noise' : 'friend')));
    await app.drained();
  });
  afterAll(() => app.stop());

  const have = async (id: string) => {
    const feeds = await Promise.all(
      fans.map((fan, i) => fan.get(i % 5 === 0 ? '/v1/feeds/noise' : '/v1/feeds/friends')),
    );
    return feeds.filter(({ body }) => body.data.some((entry: { id: string }) => entry.id === id)).length;
  };

  /** How many feeds have a row of a post, whatever is merged with them when they are read. */
  const rows = async (id: string) => {
    const text = 'SELECT count(*)::int AS n FROM activities WHERE entry_id = $1 AND stream IN (1, 2)';
    const counts = await Promise.all(
      app
        .get(ShardRouter)
        .shards.map((shard) => shard.query<{ n: number }>({ name: 'test_rows', text }, [id])),
    );
    return counts.reduce((sum, [row]) => sum + row!.n, 0);
  };

  it('cuts a large audience into chunks, and the receipt adds up', async () => {
    const post = await author.post('/v1/posts', { body: 'to many' });
    await app.drained();
    expect(await have(post.body.id)).toBe(35);
    expect((await admin.get(`/v1/admin/fanouts/${post.body.id}`)).body).toMatchObject({
      state: 'done',
      expected: 35,
      written: 35,
      skipped: { blocked: 0, muted: 0, left: 0, dormant: 0 },
      chunks: 4,
      chunksDone: 4,
      chunksLeft: 0,
      secondsLeft: 0,
    });
  });

  it('writes nothing while the gate is closed, shows it all the same, and writes everything after', async () => {
    const closed = await admin.post('/v1/admin/gate/close', { reason: 'a test', reopenAfterSeconds: 600 });
    expect([closed.status, closed.body.state, closed.body.closedBy]).toEqual([200, 'closed', 'admin']);
    expect((await admin.post('/v1/admin/gate/close', { reason: 'again' })).status).toBe(409);
    const post = await author.post('/v1/posts', { body: 'behind the gate' });
    expect(await have(post.body.id)).toBe(35);
    expect((await fans[1]!.get('/v1/feeds/friends')).body.page.complete).toBe(true);
    await expect.poll(async () => (await admin.get('/v1/admin/gate')).body.waiting).toBeGreaterThan(0);
    expect(await rows(post.body.id)).toBe(0);

    expect((await admin.post('/v1/admin/gate/open')).body.state).toBe('open');
    await app.drained();
    expect(await rows(post.body.id)).toBe(35);
    expect(await have(post.body.id)).toBe(35);
  });

  it('closes the gate again when Redis forgot, and opens it at its deadline', async () => {
    await admin.post('/v1/admin/gate/close', { reason: 'a wipe', reopenAfterSeconds: 600 });
    await app.get(Queues).use('activities', (queue) => queue.resume());
    const post = await author.post('/v1/posts', { body: 'while Redis forgot' });
    await expect.poll(() => app.get(Queues).use('activities', (queue) => queue.isPaused())).toBe(true);
    expect(await rows(post.body.id)).toBe(0);
    await app.get(Gate).open('test');
    await admin.post('/v1/admin/gate/close', { reason: 'briefly', reopenAfterSeconds: 1 });
    await expect
      .poll(async () => (await admin.get('/v1/admin/gate')).body.state, { timeout: 10_000 })
      .toBe('open');
    await app.drained();
    expect(await rows(post.body.id)).toBe(35);
  });

  it('repeats a request with an Idempotency-Key without effect', async () => {
    const key = { 'idempotency-key': 'one-and-the-same' };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => author.post('/v1/posts', { body: 'once' }, key)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await author.post('/v1/posts', { body: 'twice' }, key)).status).toBe(422);
    expect((await author.post('/v1/posts', { body: 'x' }, { 'idempotency-key': 'bad key' })).status).toBe(
      400,
    );
    await app.drained();
    expect(await have(answers[0]!.body.id)).toBe(35);
    expect((await author.get('/v1/me')).body.counts.posts).toBe(
      (await author.all(`/v1/users/${author.id}/posts?limit=2`)).length,
    );
  });

  it('keeps any text as it is', async () => {
    const body = '  <script>alert(1)</script> & "quotes" \u202Eright to left\u202C 👩‍👩‍👧 Ω\n\ttab ';
    const { body: post } = await author.post('/v1/posts', { body });
    expect((await fans[0]!.get(`/v1/posts/${post.id}`)).body.body).toBe(body);
    expect((await author.post('/v1/posts', { body: '😀'.repeat(5_000) })).status).toBe(201);
    for (const bad of ['', '😀'.repeat(5_001), 'a\0b', '\ud800']) {
      expect((await author.post('/v1/posts', { body: bad })).status).toBe(400);
    }
  });

  it('makes newcomers friends of the host, and respects who does not want to be', async () => {
    const host = await app.user('host');
    const newcomer = await app.user('newcomer');
    await app.drained();
    expect((await newcomer.get(`/v1/users/@host`)).body.relationship.kind).toBe('friend');
    expect((await host.get('/v1/notifications')).body.data).toEqual([]);

    await app.get(Queues).use('graph', (queue) => queue.pause());
    const shy = await app.user('shy');
    await shy.put(`/v1/relationships/${host.id}`, { kind: 'mute' });
    await app.get(Queues).use('graph', (queue) => queue.resume());
    await app.drained();
    const { body } = await shy.post('/v1/relationships/lookup', { ids: [host.id] });
    expect(body.data[0].kind).toBe('mute');
  });

  it('takes a row up again that was dispatched and lost', async () => {
    await app.get(Queues).use('activities', (queue) => queue.pause());
    const post = await author.post('/v1/posts', { body: 'lost once' });
    await app.get(PrimaryDatabase).query({ name: 'test_due', text: 'UPDATE outbox SET dispatch_at = now()' });
    await app.get(Queues).use('activities', (queue) => queue.resume());
    await app.drained();
    expect(await rows(post.body.id)).toBe(35);
  });
});
