import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useGateKey } from '../../src/activities/fence.js';
import { Gate } from '../../src/fanout/gate.js';
import { ShardMoves, type StartedMove } from '../../src/ops/shard-moves.js';
import { Accounts } from '../../src/users/accounts.js';
import type { Client } from '../support/client.js';
import { findPgbouncer, PgBouncer, pgbouncerMissing, SERVER_CONNECTIONS } from '../support/pgbouncer.js';
import { connectTo } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';
import { TestApp } from '../support/test-app.js';

const INSERT = 'INSERT INTO activities VALUES (1, 1, 1, 1, 1, 1) ON CONFLICT DO NOTHING';
const FANS = 20;

describe.skipIf(!findPgbouncer())(`through PgBouncer that pools transactions${pgbouncerMissing}`, () => {
  let stores: TestEnvironment;
  let bouncer: PgBouncer;
  let app: TestApp;
  let admin: Client;
  let author: Client;
  let fans: Client[];

  beforeAll(async () => {
    stores = await createStores();
    bouncer = await PgBouncer.start(stores);
    const direct = { ACTIVITY_SHARD_DIRECT_URLS: stores.ACTIVITY_SHARD_URLS! };
    // Small chunks, so that a fan-out is planned, cut and counted like a large one.
    app = await TestApp.start({ FANOUT_CHUNK_SIZE: '10', ...direct }, bouncer.environment);
    [admin, author] = [await app.signUp('admin'), await app.signUp('author')];
    await app.get(Accounts).setRole('admin', 'admin');
    fans = await Promise.all(Array.from({ length: FANS }, (_, i) => app.user(`fan${i}`)));
  });
  afterAll(async () => {
    await app.stop();
    await bouncer.stop();
  });

  const have = async (post: string) => {
    const feeds = await Promise.all(fans.map((fan) => fan.get('/v1/feeds/friends')));
    return feeds.filter(({ body }) => body.data.some((entry: { id: string }) => entry.id === post)).length;
  };
  const idsOf = async (reader: Client, feed: string) =>
    (await reader.get(`/v1/feeds/${feed}`)).body.data.map(({ id }: { id: string }) => id) as string[];
  /** Rows on all shards in which a column has this value. */
  const rowsOf = async (column: 'recipient_id' | 'entry_id' | 'actor_id', value: string) => {
    let found = 0;
    for (const url of stores.ACTIVITY_SHARD_URLS!.split(',')) {
      const database = await connectTo(url);
      found += (await database.query(`SELECT FROM activities WHERE ${column} = $1`, [value])).rowCount!;
      await database.end();
    }
    return found;
  };
  const shard = () => connectTo(bouncer.environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);

  it('brings a post from its author to everyone who follows', async () => {
    const follows = await Promise.all(fans.map((fan) => fan.follow(author)));
    expect(follows.map(({ status }) => status)).toEqual(fans.map(() => 200));
    const posts = await Promise.all(
      Array.from({ length: 10 }, (_, i) => author.post('/v1/posts', { body: `post ${i}` })),
    );
    await app.drained();
    for (const { body } of posts) expect(await have(body.id)).toBe(FANS);
    const notifications = await author.all('/v1/notifications');
    expect(notifications.filter(({ kind }: { kind: string }) => kind === 'follow')).toHaveLength(FANS);
  });

  it('tells of what happens, and counts what was not read', async () => {
    const [fan, other] = fans as [Client, Client];
    const { body: post } = await author.post('/v1/posts', { body: `Hello, @${fan.username}!` });
    await fan.put(`/v1/posts/${post.id}/love`);
    await other.post('/v1/posts', { body: 'So it is.', commentOn: post.id });
    await app.drained();
    const kinds = async (reader: Client) =>
      (await reader.get('/v1/notifications')).body.data.map(({ kind }: { kind: string }) => kind);
    expect(await kinds(fan)).toEqual(['mention']);
    expect((await kinds(author)).slice(0, 2).sort()).toEqual(['comment', 'love']);
    expect((await fan.get('/v1/notifications/unread')).body.count).toBe(1);
    const [{ id }] = (await fan.get('/v1/notifications')).body.data;
    expect((await fan.post('/v1/notifications/read', { upTo: id })).status).toBe(204);
    expect((await fan.get('/v1/notifications/unread')).body.count).toBe(0);
  });

  it('keeps sessions: a login, a refresh, a logout', async () => {
    const account = { login: 'author', password: 'correct horse battery' };
    const { body: session } = await app.anonymous().post('/v1/auth/login', account);
    const refreshed = await app.anonymous().post('/v1/auth/refresh', { refreshToken: session.refreshToken });
    expect(refreshed.status).toBe(200);
    expect((await app.anonymous().post('/v1/auth/refresh', { refreshToken: 'x' })).status).toBe(401);
  });

  it('takes out what is unfollowed and deleted', async () => {
    const [fan] = fans as [Client];
    const { body: post } = await author.post('/v1/posts', { body: 'not for long' });
    await app.drained();
    await fan.delete(`/v1/relationships/${author.id}`);
    expect((await fan.get('/v1/feeds/friends')).body.data).toEqual([]);
    await fan.follow(author, 'noise');
    expect(await idsOf(fan, 'noise')).toContain(post.id);
    await author.delete(`/v1/posts/${post.id}`);
    expect(await have(post.id)).toBe(0);
    await app.drained();
    expect(await rowsOf('entry_id', post.id)).toBe(0);
    await fan.follow(author);
    await app.drained();
    const leaver = await app.signUp('leaver');
    await leaver.follow(author);
    await author.follow(leaver);
    const { body: last } = await leaver.post('/v1/posts', { body: 'goodbye' });
    await app.drained();
    expect(await rowsOf('recipient_id', leaver.id)).toBeGreaterThan(0);
    expect((await leaver.delete('/v1/me')).status).toBe(204);
    await app.drained();
    expect([await rowsOf('recipient_id', leaver.id), await rowsOf('actor_id', leaver.id)]).toEqual([0, 0]);
    expect(await idsOf(author, 'friends')).not.toContain(last.id);
  });

  it('takes no connection past it', async () => {
    for (const url of [stores.DATABASE_URL!, ...stores.ACTIVITY_SHARD_URLS!.split(',')]) {
      const database = await connectTo(url);
      const { rows } = await database.query<{ taken: number }>(
        `SELECT count(*)::int AS taken FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      await database.end();
      expect(rows[0]!.taken).toBeGreaterThan(0);
      expect(rows[0]!.taken).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    }
  });

  it('closes the gate, passes no row, and delivers what waited', async () => {
    const closed = await admin.post('/v1/admin/gate/close', { reason: 'a pooler', reopenAfterSeconds: 600 });
    expect(closed.body).toMatchObject({ state: 'closed' });
    const post = await author.post('/v1/posts', { body: 'behind the gate' });
    await expect.poll(async () => (await admin.get('/v1/admin/gate')).body.waiting).toBeGreaterThan(0);
    const writer = await shard();
    await expect(writer.query(INSERT)).rejects.toMatchObject({ code: 'SL001' });
    const text = 'SELECT FROM activities WHERE entry_id = $1';
    expect((await writer.query(text, [post.body.id])).rowCount).toBe(0);
    await writer.end();
    // It is shown all the same.
    expect(await have(post.body.id)).toBe(FANS);
    await admin.post('/v1/admin/gate/open');
    await app.drained();
    expect(await have(post.body.id)).toBe(FANS);
  });

  it('lets the transaction pass that names the key, and nobody who gets the same connection later', async () => {
    const { key } = await app.get(Gate).close({ reason: 'a key', by: 'A' });
    const writers = await Promise.all(Array.from({ length: 6 }, shard));
    const refusals = writers.map(async (writer) => {
      await writer.query('BEGIN');
      await useGateKey(writer, key);
      await writer.query(INSERT);
      await writer.query('ROLLBACK');
      await expect(writer.query(INSERT)).rejects.toMatchObject({ code: 'SL001' });
    });
    await Promise.all(refusals);
    await Promise.all(writers.map((writer) => writer.end()));
    await app.get(Gate).open('A');
  });

  it('ends a writer that stands still, and holds nobody up any longer', async () => {
    const frozen = await shard();
    frozen.on('error', () => undefined);
    await frozen.query('BEGIN');
    await frozen.query(INSERT);
    const { status } = await app.get(Gate).close({ reason: 'a frozen writer', by: 'A' });
    expect(status.state).toBe('closed');
    await expect(frozen.query('COMMIT')).rejects.toThrow();
    await frozen.end().catch(() => undefined);
    await app.get(Gate).open('A');
  });

  it('moves buckets past it, from server to server', async () => {
    const moves = app.get(ShardMoves);
    const ended = async ({ id, finished }: StartedMove) => {
      await finished;
      return moves.find(id);
    };
    const moved = await ended(await moves.start([0, 2], 1, 'A'));
    expect(moved).toMatchObject({ state: 'moved', error: null });
    const post = await author.post('/v1/posts', { body: 'to the new shard' });
    await app.drained();
    expect(await have(post.body.id)).toBe(FANS);
    expect(await ended(await moves.rollback(moved.id))).toMatchObject({ state: 'returned', error: null });
    expect(await have(post.body.id)).toBe(FANS);
  });
});
