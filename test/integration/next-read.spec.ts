import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PulledAuthors } from '../../src/fanout/pulled-authors.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import type { Client } from '../support/client.js';
import { TwoServers } from '../support/two-servers.js';

interface Post {
  author: { name: string };
}

/** What rows there are was written before; then no worker runs, and requests alone have to show what was done. */
describe('the very next read', () => {
  let servers: TwoServers;

  beforeAll(async () => {
    servers = await TwoServers.start({ PULL_AUDIENCE: '6' });
  });
  afterAll(() => servers.stop());

  const people = (...names: string[]) => servers.people(...names);
  const feed = async (reader: Client, kind = 'friends') =>
    (await reader.all(`/v1/feeds/${kind}`)).map(({ id }) => id as string);
  /** The same at another process. */
  const elsewhere = async (reader: Client, kind = 'friends') =>
    feed(await servers.other.clientOf(reader.id), kind);
  const kindsOf = async (reader: Client) =>
    (await reader.all('/v1/notifications')).map(({ kind }) => kind as string).sort();

  it('shows an edit, of a row and of a post on its way, at every process', async () => {
    const [reader, author] = await people('reader', 'author');
    await reader!.follow(author!);
    const ids = [await servers.publish(author!)];
    await servers.catchUp();
    ids.push(await servers.publish(author!));
    for (const id of ids) await author!.patch(`/v1/posts/${id}`, { body: 'edited' });
    for (const client of [reader!, await servers.other.clientOf(reader!.id)]) {
      const { data } = (await client.get('/v1/feeds/friends')).body;
      expect(data.map(({ post }: { post: { body: string } }) => post.body)).toEqual(['edited', 'edited']);
    }
  });

  it('counts loves, comments and reposts, and no longer once they are undone, at every process', async () => {
    const [reader, author, fan] = await people('reader', 'author', 'fan');
    await reader!.follow(author!);
    const id = await servers.publish(author!);
    await servers.catchUp();
    const clients = [reader!, await servers.other.clientOf(reader!.id)];
    const expectCounts = async (loves: number, comments: number, reposts: number) => {
      for (const client of clients) {
        const [{ post }] = (await client.get('/v1/feeds/friends')).body.data;
        expect(post.counts).toMatchObject({ loves, comments, reposts });
      }
    };
    await expectCounts(0, 0, 0);
    await fan!.put(`/v1/posts/${id}/love`);
    await expectCounts(1, 0, 0);
    const comment = (await fan!.post('/v1/posts', { body: 'well said', commentOn: id })).body.id as string;
    await expectCounts(1, 1, 0);
    const repost = (await fan!.post(`/v1/posts/${id}/repost`, { body: 'look' })).body.id as string;
    await expectCounts(1, 1, 1);
    await fan!.delete(`/v1/posts/${id}/love`);
    await expectCounts(0, 1, 1);
    for (const post of [comment, repost]) await fan!.delete(`/v1/posts/${post}`);
    await expectCounts(0, 0, 0);
  });

  it('counts whom authors follow and who follows them, and tells who follows the reader, at every process', async () => {
    const [reader, author, fan] = await people('reader', 'author', 'fan');
    await reader!.follow(author!);
    await servers.publish(author!);
    await servers.catchUp();
    const clients = [reader!, await servers.other.clientOf(reader!.id)];
    const expectAuthor = async (counts: Record<string, number>, followsMe: boolean) => {
      for (const client of clients) {
        const [{ post }] = (await client.get('/v1/feeds/friends')).body.data;
        expect(post.author).toMatchObject({ counts, relationship: { kind: 'friend', followsMe } });
      }
    };
    await expectAuthor({ followers: 1, friends: 0, noise: 0 }, false);
    await fan!.follow(author!);
    await expectAuthor({ followers: 2, friends: 0, noise: 0 }, false);
    await author!.follow(fan!, 'noise');
    await expectAuthor({ followers: 2, friends: 0, noise: 1 }, false);
    await author!.follow(fan!, 'friend');
    await expectAuthor({ followers: 2, friends: 1, noise: 0 }, false);
    await author!.follow(reader!, 'noise');
    await expectAuthor({ followers: 2, friends: 1, noise: 1 }, true);
    await author!.delete(`/v1/relationships/${reader!.id}`);
    await expectAuthor({ followers: 2, friends: 1, noise: 0 }, false);
    await fan!.put(`/v1/relationships/${author!.id}`, { kind: 'block' });
    await expectAuthor({ followers: 1, friends: 0, noise: 0 }, false);
    await author!.patch('/v1/me', { name: 'Somebody else' });
    for (const client of clients)
      expect((await client.get('/v1/feeds/friends')).body.data[0].post.author.name).toBe('Somebody else');
    await author!.delete('/v1/me');
    for (const client of clients) expect(await feed(client)).toEqual([]);
  });

  it('shows an author as they are now although the page before could not be made of copies', async () => {
    const [reader, author, lost] = await people('reader', 'author', 'lost');
    for (const one of [author!, lost!]) {
      await reader!.follow(one);
      await servers.publish(one);
    }
    await servers.catchUp();
    const mirror = servers.app.get(Mirror);
    const key = mirror.keys.counts((await mirror.currentEpoch())!, lost!.id);
    await servers.app.get(GraphRedis).client.del(key);
    expect(await feed(reader!)).toHaveLength(2);
    await author!.patch('/v1/me', { name: 'Somebody else' });
    const names = (await reader!.all('/v1/feeds/friends')).map(({ post }) => (post as Post).author.name);
    expect(names).toContain('Somebody else');
  });

  it('has a repost once, counts it, and takes it back with what it reposts or by itself', async () => {
    const [reader, friend, stranger] = await people('reader', 'friend', 'stranger');
    await reader!.follow(friend!);
    const original = await servers.publish(stranger!);
    const reposts = async () => (await reader!.get(`/v1/posts/${original}`)).body.counts.reposts as number;
    const repost = async () => (await friend!.post(`/v1/posts/${original}/repost`, {})).body.id as string;
    const first = await repost();
    expect([await repost(), await feed(reader!), await reposts()]).toEqual([first, [first], 1]);
    await reader!.follow(stranger!);
    // Who follows both gets the post itself.
    expect(await feed(reader!)).toEqual([original]);
    await reader!.delete(`/v1/relationships/${stranger!.id}`);
    await servers.catchUp();
    await friend!.delete(`/v1/posts/${first}`);
    expect([await feed(reader!), await reposts()]).toEqual([[], 0]);
    const second = await repost();
    expect([await feed(reader!), await reposts()]).toEqual([[second], 1]);
    await stranger!.delete(`/v1/posts/${original}`);
    expect(await feed(reader!)).toEqual([]);
  });

  it('knows nobody who has gone, though they are still followed', async () => {
    const [reader, gone] = await people('reader', 'gone');
    await reader!.follow(gone!);
    const post = await servers.publish(gone!);
    expect((await gone!.delete('/v1/me')).status).toBe(204);
    expect([(await reader!.follow(gone!)).status, await feed(reader!)]).toEqual([404, []]);
    expect((await reader!.get(`/v1/posts/${post}`)).status).toBe(404);
    expect((await reader!.delete(`/v1/relationships/${gone!.id}`)).status).toBe(204);
  });

  it('moves, mutes, takes back and takes out an author whose posts are merged', async () => {
    const [star, reader, ...fans] = await people('star', 'reader', 'f', 'f', 'f', 'f', 'f');
    for (const fan of [reader!, ...fans]) await fan.follow(star!);
    const ids = [await servers.publish(star!), await servers.publish(star!)].reverse();
    await servers.catchUp();
    await expect.poll(() => servers.other.get(PulledAuthors).list()).toContain(star!.id);
    expect([await feed(reader!), await elsewhere(reader!)]).toEqual([ids, ids]);
    await reader!.follow(star!, 'noise');
    expect([await elsewhere(reader!), await elsewhere(reader!, 'noise')]).toEqual([[], ids]);
    await star!.delete(`/v1/posts/${ids.pop()!}`);
    expect(await elsewhere(reader!, 'noise')).toEqual(ids);
    for (const kind of ['mute', 'friend', 'block', 'friend', null]) {
      const path = `/v1/relationships/${star!.id}`;
      const { status } = kind ? await reader!.put(path, { kind }) : await reader!.delete(path);
      expect(status).toBeLessThan(300);
      expect(await elsewhere(reader!)).toEqual(kind === 'friend' ? ids : []);
    }
    await star!.delete('/v1/me');
    for (const fan of fans) expect(await elsewhere(fan)).toEqual([]);
  });

  it('takes a notification back when its cause is undone, or its actor is muted or blocked', async () => {
    const [reader, author] = await people('reader', 'author');
    const mine = await servers.publish(reader!);
    const mention = await servers.publish(author!, `hello @${reader!.username}`);
    await author!.follow(reader!);
    await author!.put(`/v1/posts/${mine}/love`);
    const comment = (await author!.post('/v1/posts', { body: 'well', commentOn: mine })).body.id as string;
    const repost = (await author!.post(`/v1/posts/${mine}/repost`, {})).body.id as string;
    await servers.catchUp();
    const left = ['comment', 'follow', 'love', 'mention', 'repost'];
    expect(await kindsOf(reader!)).toEqual(left);
    const undo: [kind: string, act: () => Promise<unknown>][] = [
      ['comment', () => author!.delete(`/v1/posts/${comment}`)],
      ['love', () => author!.delete(`/v1/posts/${mine}/love`)],
      ['repost', () => author!.delete(`/v1/posts/${repost}`)],
      ['mention', () => author!.patch(`/v1/posts/${mention}`, { body: 'hello' })],
    ];
    for (const [kind, act] of undo) {
      await act();
      left.splice(left.indexOf(kind), 1);
      expect(await kindsOf(reader!)).toEqual(left);
    }
    expect(left).toEqual(['follow']);
    await reader!.put(`/v1/relationships/${author!.id}`, { kind: 'mute' });
    expect(await kindsOf(reader!)).toEqual([]);
    await reader!.delete(`/v1/relationships/${author!.id}`);
    expect(await kindsOf(reader!)).toEqual(['follow']);
    await author!.delete(`/v1/relationships/${reader!.id}`);
    expect(await kindsOf(reader!)).toEqual([]);
  });
});
