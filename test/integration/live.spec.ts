import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Sessions } from '../../src/auth/sessions.js';
import { Tokens } from '../../src/auth/tokens.js';
import { LiveStreams } from '../../src/feeds/live-streams.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import type { Client } from '../support/client.js';
import { EventStream } from '../support/event-stream.js';
import { TestApp } from '../support/test-app.js';
import { TwoServers } from '../support/two-servers.js';

const PATIENCE = { timeout: 20_000 };

describe('what is new, sent to those who listen', () => {
  let servers: TwoServers;
  const streams: EventStream[] = [];

  beforeAll(async () => {
    servers = await TwoServers.start({ PULL_AUDIENCE: '6', STREAMS_PER_USER: '3' });
  });
  afterEach(() => streams.splice(0).forEach((stream) => stream.close()));
  afterAll(() => servers.stop());

  const listen = async (where: TestApp, client: Client, lastId?: string, isRead = true) => {
    const stream = await EventStream.open(where.url, client, lastId, isRead);
    streams.push(stream);
    return stream;
  };
  const postsOf = (stream: EventStream) => stream.of('feed').map(({ entry }) => entry.id as string);

  it('comes to every process at which somebody listens, as the feed and the list have it', async () => {
    const [reader, friend, star] = await servers.people('reader', 'friend', 'star');
    await reader!.follow(friend!);
    await servers.catchUp();
    const both = [await listen(servers.app, reader!), await listen(servers.other, reader!)];
    await servers.withWorker(async () => {
      const id = await servers.publish(friend!, `hello @${reader!.username}`);
      await star!.follow(reader!);
      for (const stream of both) {
        await expect.poll(() => postsOf(stream), PATIENCE).toEqual([id]);
        await expect
          .poll(
            () =>
              stream
                .of('notification')
                .map(({ kind }) => kind)
                .sort(),
            PATIENCE,
          )
          .toEqual(['follow', 'mention']);
        const [first] = (await reader!.get('/v1/feeds/friends')).body.data;
        expect(stream.of('feed')).toEqual([{ stream: 'friends', entry: first }]);
      }
    });
  });

  it('goes on in the middle of a burst, and loses and doubles nothing', async () => {
    const [reader, ...authors] = await servers.people('reader', 'a', 'b', 'c');
    for (const author of authors) await reader!.follow(author);
    await servers.catchUp();
    const got: string[] = [];
    let stream = await listen(servers.app, reader!);
    await servers.withWorker(async () => {
      for (let round = 0; round < 8; round++) {
        const posting = Promise.all(authors.map((author) => servers.publish(author, `post ${round}`)));
        if (round % 2 === 1) {
          const { lastId } = stream;
          got.push(...postsOf(stream));
          stream.close();
          await posting;
          stream = await listen(round % 4 === 1 ? servers.other : servers.app, reader!, lastId);
        }
        await posting;
      }
      const feed = (await reader!.all('/v1/feeds/friends')).map(({ id }) => id as string);
      await expect.poll(() => [...got, ...postsOf(stream)].sort(), PATIENCE).toEqual(feed.sort());
      expect(feed).toHaveLength(24);
      expect(stream.of('reset')).toEqual([]);
    });
  });

  it('has the posts that are written for nobody, those of an absence too', async () => {
    const [star, ...fans] = await servers.people('star', 'f', 'f', 'f', 'f', 'f', 'f');
    for (const fan of fans) await fan.follow(star!);
    const [stranger] = await servers.people('stranger');
    await servers.catchUp();
    const stream = await listen(servers.app, fans[0]!);
    const strange = await listen(servers.app, stranger!);
    await servers.withWorker(async () => {
      const id = await servers.publish(star!);
      await expect.poll(() => postsOf(stream), PATIENCE).toEqual([id]);
    });
    stream.close();
    const missed = await servers.publish(star!);
    await servers.catchUp();
    const again = await listen(servers.other, fans[0]!, stream.lastId);
    await expect.poll(() => postsOf(again), PATIENCE).toEqual([missed]);
    expect(strange.events).toEqual([]);
  });

  it.each(['nonsense', 'AAAAAAAAAAA.1-1', `${'A'.repeat(11)}.9999999999999999-0`])(
    'tells to begin anew who comes with %s',
    async (lastId) => {
      const [reader] = await servers.people('reader');
      const stream = await listen(servers.app, reader!, lastId);
      await expect.poll(() => stream.events.map(({ event }) => event), PATIENCE).toEqual(['reset']);
    },
  );

  it('tells to begin anew when the log has lost what came since, or Redis everything', async () => {
    const [reader, friend] = await servers.people('reader', 'friend');
    await reader!.follow(friend!);
    await servers.catchUp();
    const first = await listen(servers.app, reader!);
    await servers.withWorker(async () => {
      for (let i = 0; i < 3; i++) await servers.publish(friend!);
      await expect.poll(() => postsOf(first).length, PATIENCE).toBe(3);
    });
    const [oldest] = first.events;
    await servers.app
      .get(GraphRedis)
      .client.xtrim(`${servers.app.environment.REDIS_PREFIX!}live:{${reader!.id}}:log`, 'MAXLEN', 2);
    const behind = await listen(servers.other, reader!, oldest!.id);
    await expect.poll(() => behind.events.map(({ event }) => event), PATIENCE).toEqual(['reset']);
    expect(first.of('reset')).toEqual([]);

    const resets = () => [first, behind].map((stream) => stream.of('reset').length);
    await servers.wipe('live:');
    await expect.poll(resets, PATIENCE).toEqual([1, 2]);
    await servers.withWorker(async () => {
      const id = await servers.publish(friend!);
      for (const stream of [first, behind])
        await expect.poll(() => postsOf(stream).at(-1), PATIENCE).toBe(id);
    });
  }, 60_000);

  it('leaves out what the rules hide', async () => {
    const [reader, friend, hidden] = await servers.people('reader', 'friend', 'hidden');
    for (const author of [friend!, hidden!]) await reader!.follow(author);
    await servers.catchUp();
    const stream = await listen(servers.app, reader!);
    const deleted = await servers.publish(friend!);
    await friend!.delete(`/v1/posts/${deleted}`);
    await servers.publish(hidden!, `hello @${reader!.username}`);
    await reader!.put(`/v1/relationships/${hidden!.id}`, { kind: 'mute' });
    const kept = await servers.publish(friend!);
    await servers.catchUp();
    await expect.poll(() => postsOf(stream), PATIENCE).toEqual([kept]);
    expect(stream.of('notification')).toEqual([]);
  });

  it('cuts off a client that does not read, and goes on for the others', async () => {
    const [reader, friend] = await servers.people('reader', 'friend');
    await reader!.follow(friend!);
    await servers.catchUp();
    const slow = await listen(servers.app, reader!, undefined, false);
    const quick = await listen(servers.app, reader!);
    const ids: string[] = [];
    await servers.withWorker(async () => {
      // Of three bytes a letter, and told twice: the sockets alone hold some megabytes, of new kernels up to twenty.
      const quoted = await servers.publish(friend!, '€'.repeat(4_900));
      const quote = async () => {
        const { status, body } = await friend!.post(`/v1/posts/${quoted}/repost`, {
          body: '€'.repeat(4_900),
        });
        expect(status).toBe(201);
        return body.id as string;
      };
      ids.push(quoted);
      for (let i = 0; i < 200 && servers.app.get(LiveStreams).overflows === 0; i++) {
        ids.push(...(await Promise.all(Array.from({ length: 8 }, quote))));
        await vi.waitFor(() => expect(postsOf(quick).length).toBeGreaterThan(ids.length - 100), PATIENCE);
      }
      await expect.poll(() => servers.app.get(LiveStreams).overflows, PATIENCE).toBe(1);
      ids.push(await servers.publish(friend!));
      await expect.poll(() => postsOf(quick).sort(), PATIENCE).toEqual(ids.sort());
    });
    slow.read();
    await expect.poll(() => slow.ended, PATIENCE).toBe(true);
    expect(quick.ended).toBe(false);
  }, 120_000);

  it('ends with the session, with the token, and past the number that one user may have', async () => {
    const [reader] = await servers.people('reader');
    const open = [
      await listen(servers.app, reader!),
      await listen(servers.app, reader!),
      await listen(servers.app, reader!),
    ];
    await expect(listen(servers.app, reader!)).rejects.toThrow('429');
    await expect(listen(servers.app, servers.app.anonymous())).rejects.toThrow('401');
    const { sessionId } = servers.app.get(Tokens).verifyAccess(reader!.token!)!;
    await servers.app.get(Sessions).revoke([sessionId]);
    for (const stream of open) await expect.poll(() => stream.ended, PATIENCE).toBe(true);

    const brief = await TestApp.start({ ACCESS_TOKEN_SECONDS: '5', ROLES: 'http' }, servers.app.environment);
    const stream = await listen(brief, await brief.clientOf(reader!.id));
    expect(stream.ended).toBe(false);
    await expect.poll(() => stream.ended, PATIENCE).toBe(true);
    const last = await listen(brief, await brief.clientOf(reader!.id));
    const silent = await listen(brief, await brief.clientOf(reader!.id), undefined, false);
    await brief.stop();
    silent.read();
    for (const each of [last, silent]) await expect.poll(() => each.ended, PATIENCE).toBe(true);
  });
});
