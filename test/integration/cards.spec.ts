import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Accounts } from '../../src/users/accounts.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { LeasedCache } from '../../src/platform/redis/leased-cache.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { ProfileCards } from '../../src/users/profile-cards.js';
import { UserStore } from '../../src/users/user-store.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 30_000, interval: 20 };

/** A promise that somebody else settles. */
function latch() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('cards', () => {
  let app: TestApp;
  /** A second process on the same stores. */
  let other: TestApp;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    other = await TestApp.start({}, app.environment);
    await app.mirrored();
  });
  afterAll(async () => {
    await other.stop();
    await app.stop();
  });

  const someone = () => app.user(`someone${counter++}`);
  const seenBy = async (process: TestApp, viewer: Client, id: Id) => {
    const client = await process.clientOf(viewer.id);
    return (await client.get(`/v1/users/${id}`)).body;
  };
  const feedOf = async (reader: Client) =>
    (await reader.get('/v1/feeds/friends')).body.data as { id: Id; post: { author: { name: string } } }[];
  /** How many statements read users by id while something was done. */
  const readsByIdDuring = async (work: () => Promise<unknown>): Promise<number> => {
    const spy = vi.spyOn(app.get(PrimaryDatabase), 'query');
    await work();
    const names = spy.mock.calls.map(([statement]) => statement.name);
    spy.mockRestore();
    return names.filter((name) => name.startsWith('users-by-ids_')).length;
  };
  /** Forgets what Redis holds of these stores' cards, as a wipe would. */
  const wipeCards = async () => {
    const { client } = app.get(GraphRedis);
    const { REDIS_PREFIX: prefix } = app.environment;
    for (const match of [`${prefix}card:*`, `${prefix}changes:*`])
      for await (const keys of client.scanStream({ match, count: 1_000 }))
        if ((keys as string[]).length > 0) await client.del(keys as string[]);
  };
  const authorAndReader = async () => {
    const [author, reader] = [await someone(), await someone()];
    await reader.follow(author);
    const { body } = await author.post('/v1/posts', { body: 'hello' });
    await app.drained();
    expect(await feedOf(reader)).toHaveLength(1);
    return { author, reader, postId: body.id as Id };
  };

  it('show a feed without a look at the users in Postgres', async () => {
    const { reader } = await authorAndReader();
    expect(await readsByIdDuring(() => feedOf(reader))).toBe(0);
    await wipeCards();
    expect(await readsByIdDuring(() => feedOf(reader))).toBe(1);
    expect(await readsByIdDuring(() => feedOf(reader))).toBe(0);
  });

  it('show an edit in the next read, of this process and of another', async () => {
    const { author, reader } = await authorAndReader();
    for (const name of ['Ada', 'Ada "Countess" \\ Lovelace\n', '']) {
      expect(
        (await author.patch('/v1/me', { name, avatarUrl: 'https://example.org/a.png' })).body,
      ).toMatchObject({ name, avatarUrl: 'https://example.org/a.png' });
      expect((await feedOf(reader))[0]!.post.author.name).toBe(name);
      expect((await seenBy(other, reader, author.id)).name).toBe(name);
    }
    expect(await app.outboxSize()).toBe(0);
  });

  it('count each post and each deleted one', async () => {
    const { author, reader, postId } = await authorAndReader();
    const posts = async () => (await seenBy(other, reader, author.id)).counts.posts;
    expect(await posts()).toBe(1);
    await author.post('/v1/posts', { body: 'again' });
    expect(await posts()).toBe(2);
    await author.delete(`/v1/posts/${postId}`);
    expect(await posts()).toBe(1);
  });

  it('count the reposts that go with what they repost', async () => {
    const { author, reader, postId } = await authorAndReader();
    const fans = await Promise.all([someone(), someone()]);
    const posts = () =>
      Promise.all(fans.map(async ({ id }) => (await seenBy(other, reader, id)).counts.posts));
    for (const fan of fans) expect((await fan.post(`/v1/posts/${postId}/repost`)).status).toBe(201);
    expect(await posts()).toEqual([1, 1]);
    await author.delete(`/v1/posts/${postId}`);
    await app.drained();
    expect(await posts()).toEqual([0, 0]);
  });

  it('lose a deleted account at once', async () => {
    const { author, reader } = await authorAndReader();
    expect((await seenBy(other, reader, author.id)).id).toBe(author.id);
    expect((await author.delete('/v1/me')).status).toBe(204);
    expect((await reader.get(`/v1/users/${author.id}`)).status).toBe(404);
    expect((await seenBy(other, reader, author.id)).status).toBe(404);
    expect(await feedOf(reader)).toEqual([]);
  });

  it('show an edit in the time of the outbox when Redis could not be told at once', async () => {
    const { author, reader } = await authorAndReader();
    const { client } = app.get(GraphRedis);
    expect((await seenBy(other, reader, author.id)).name).toBe('');
    client.disconnect();
    await expect.poll(() => client.status, PATIENCE).toBe('end');
    expect((await author.patch('/v1/me', { name: 'Grace' })).body.name).toBe('Grace');
    // Either process may be given the job.
    await client.connect();
    await expect.poll(async () => (await seenBy(other, reader, author.id)).name, PATIENCE).toBe('Grace');
    await app.drained();
  });

  it('are read from Postgres while Redis is away', async () => {
    const { author, reader } = await authorAndReader();
    const { client } = app.get(GraphRedis);
    client.disconnect();
    await expect.poll(() => client.status, PATIENCE).toBe('end');
    expect((await feedOf(reader))[0]!.post.author).toMatchObject({ id: author.id });
    expect((await reader.get(`/v1/users/${author.id}`)).body.counts.posts).toBe(1);
    await client.connect();
    expect(await feedOf(reader)).toHaveLength(1);
  });

  it('are not filled with what was read before a change', async () => {
    const { id } = await someone();
    const { client } = app.get(GraphRedis);
    const began: ReturnType<typeof latch>[] = [latch(), latch()];
    const held: ReturnType<typeof latch>[] = [latch(), latch()];
    let reads = 0;
    const cache = new LeasedCache(app.get(GraphRedis), app.get(Metrics), {
      name: 'raced',
      prefix: app.environment.REDIS_PREFIX!,
      source: async (ids) => {
        const rows = await app.get(UserStore).byIds(ids);
        const read = reads++;
        began[read]?.open();
        await held[read]?.opened;
        return new Map([...rows].map(([user, row]) => [user, row.name || 'nobody yet']));
      },
      decode: (user, name) => ({ id: user, name }),
    });
    const kept = () => client.get(`${app.environment.REDIS_PREFIX}raced:${id}`);
    const rename = async (name: string) => {
      await app.get(Accounts).changeProfile(id, { name });
      await cache.forget([id]);
    };

    // The first reader has the old row in hand while the change comes and goes.
    const first = cache.byIds([id]);
    await began[0]!.opened;
    await rename('Ada');
    // Another one takes the lease anew, and reads the new row; the first comes back in between.
    const second = cache.byIds([id]);
    await began[1]!.opened;
    held[0]!.open();
    expect((await first).get(id)?.name).toBe('nobody yet');
    expect(await kept()).toMatch(/^\?/);
    held[1]!.open();
    expect((await second).get(id)?.name).toBe('Ada');
    expect(await kept()).toBe('Ada');

    // The same without another reader: nothing is kept, and the next one asks.
    began.push(latch());
    held.push(latch());
    await cache.forget([id]);
    const third = cache.byIds([id]);
    await began[2]!.opened;
    await rename('Grace');
    held[2]!.open();
    expect((await third).get(id)?.name).toBe('Ada');
    expect(await kept()).toBeNull();
    expect((await cache.byIds([id])).get(id)?.name).toBe('Grace');
    expect(await kept()).toBe('Grace');
    expect(reads).toBe(4);
  });

  it('leave no lease behind for who does not exist, and keep nothing of them', async () => {
    const nobody = '123456789';
    expect(await app.get(ProfileCards).inOrder([nobody])).toEqual([undefined]);
    expect(await app.get(GraphRedis).client.exists(`${app.environment.REDIS_PREFIX}card:${nobody}`)).toBe(0);
  });

  it('are what Postgres says after edits, reads and wipes at the same time in two processes', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, someone));
    const ids = people.map(({ id }) => id);
    const edits = people.flatMap(({ id }, person) =>
      Array.from({ length: 15 }, async (_, i) => {
        const process = (i + person) % 2 === 0 ? app : other;
        await process.get(Accounts).changeProfile(id, { name: `name ${i}` });
      }),
    );
    let running = true;
    const readers = [app, other, app, other].map(async (process) => {
      while (running) await process.get(ProfileCards).inOrder(ids);
    });
    const wiper = (async () => {
      while (running) await wipeCards();
    })();
    await Promise.all(edits);
    running = false;
    await Promise.all([...readers, wiper]);
    const rows = await app.get(UserStore).byIds(ids);
    for (const process of [app, other]) {
      const cards = await process.get(ProfileCards).inOrder(ids);
      expect(cards).toEqual(ids.map((id) => rows.get(id)));
    }
  });
});
