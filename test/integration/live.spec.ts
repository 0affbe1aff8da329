import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Sessions } from '../../src/auth/sessions.js';
import { Tokens } from '../../src/auth/tokens.js';
import { LiveStreams } from '../../src/feeds/live-streams.js';
import { Gate } from '../../src/fanout/gate.js';
import { PulledAuthors } from '../../src/fanout/pulled-authors.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import type { Client } from '../support/client.js';
import { EventStream } from '../support/event-stream.js';
import { TestApp } from '../support/test-app.js';

const SETTINGS = { PULL_AUDIENCE: '6', STREAMS_PER_USER: '3' };
const PATIENCE = { timeout: 20_000 };

describe('news', () => {
  /** Two processes that serve requests and do no job. */
  let app: TestApp;
  let other: TestApp;
  let number = 0;
  const streams: EventStream[] = [];

  beforeAll(async () => {
    app = await TestApp.start({ ...SETTINGS, ROLES: 'http' });
    await app.get(MirrorRebuild).run();
    other = await TestApp.start({}, app.environment);
  });
  afterEach(() => streams.splice(0).forEach((stream) => stream.close()));
  afterAll(async () => {
    await other.stop();
    await app.stop();
  });

  const people = (...names: string[]) => Promise.all(names.map((name) => app.user(`${name}${number++}`)));
  const publish = async (author: Client, body = 'hello'): Promise<string> =>
    (await author.post('/v1/posts', { body })).body.id;
  const withWorker = async (work: (worker: TestApp) => Promise<void>) => {
    const worker = await TestApp.start({ ROLES: 'worker' }, app.environment);
    try {
      await work(worker);
      await worker.drained(60_000);
    } finally {
      await worker.stop();
    }
  };
  const catchUp = () => withWorker(() => Promise.resolve());
  /** A newcomer has none in the first moments. */
  const tagOf = (reader: Client, kind = 'friends') =>
    vi.waitFor(async () => {
      const tag = (await reader.get(`/v1/feeds/${kind}`)).headers.get('etag');
      if (tag === null) throw new Error('there is no tag yet');
      return tag;
    }, PATIENCE);
  const ask = async (reader: Client, tag: string, kind = 'friends') =>
    (await reader.send('HEAD', `/v1/feeds/${kind}`, undefined, { 'if-none-match': tag })).status;
  const listen = async (where: TestApp, client: Client, lastId?: string, isRead = true) => {
    const stream = await EventStream.open(where.url, client, lastId, isRead);
    streams.push(stream);
    return stream;
  };
  /** Has Redis forget everything of ours whose key begins with this. */
  const wipe = async (root: string) => {
    const { client } = app.get(GraphRedis);
    const pattern = `${app.environment.REDIS_PREFIX!}${root}*`;
    for (let cursor = '0'; ;) {
      const [next, keys] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
      if (keys.length > 0) await client.unlink(...keys);
      if (next === '0') return;
      cursor = next;
    }
  };
  const postsOf = (stream: EventStream) => stream.of('feed').map(({ entry }) => entry.id as string);

  describe('asked for by HEAD', () => {
    it('is there with each post as soon as it is accepted, and once, whatever is written behind', async () => {
      const [reader, friend, noise, stranger] = await people('reader', 'friend', 'noise', 'stranger');
      await reader!.follow(friend!);
      await reader!.follow(noise!, 'noise');
      await catchUp();
      let tag = await tagOf(reader!);
      const noiseTag = await tagOf(reader!, 'noise');
      expect(tag).toMatch(/^W\/"[\w-]{27}"$/);
      expect(await ask(reader!, tag)).toBe(304);
      expect(await ask(reader!, `"other", ${tag}`)).toBe(304);

      await publish(stranger!);
      expect(await ask(reader!, tag)).toBe(304);
      await publish(friend!);
      expect(await ask(reader!, tag)).toBe(200);
      expect(await ask(reader!, noiseTag, 'noise')).toBe(304);
      tag = await tagOf(reader!);
      expect(await ask(reader!, tag)).toBe(304);
      await catchUp();
      expect(await ask(reader!, tag)).toBe(304);

      await publish(friend!);
      await catchUp();
      expect(await ask(reader!, tag)).toBe(200);
      await publish(noise!);
      expect(await ask(reader!, noiseTag, 'noise')).toBe(200);
    });

    it('is asked of Redis in one command, and of Postgres by all at once', async () => {
      const [reader, friend] = await people('reader', 'friend');
      await reader!.follow(friend!);
      await publish(friend!);
      const tag = await tagOf(reader!);
      const monitor = await app.get(GraphRedis).client.duplicate().monitor();
      const commands: string[][] = [];
      monitor.on('monitor', (_: string, command: string[], source: string) => {
        // Whatever is counted against an allowance is asked of Redis as well, by every route.
        const isOurs = command.includes(reader!.id) && !command.join().includes(':rate:');
        if (isOurs && source !== 'lua') commands.push(command);
      });
      const query = vi.spyOn(app.get(PrimaryDatabase), 'query');
      const answers = await Promise.all(Array.from({ length: 100 }, () => ask(reader!, tag)));
      expect(new Set(answers)).toEqual(new Set([304]));
      expect(query.mock.calls.filter(([{ text }]) => text.includes('FROM outbox')).length).toBeLessThan(50);
      query.mockRestore();
      await expect.poll(() => commands.length, PATIENCE).toBe(100);
      expect(new Set(commands.map(([name]) => name!.toUpperCase()))).toEqual(new Set(['EVALSHA']));
      monitor.disconnect();
    });

    it('is there when a post is edited or deleted, of one who is written or merged, for who follows them', async () => {
      const [reader, friend, star, ...fans] = await people(
        'reader',
        'friend',
        'star',
        'f',
        'f',
        'f',
        'f',
        'f',
      );
      for (const fan of [reader!, ...fans]) await fan.follow(star!);
      await reader!.follow(friend!);
      const [stranger] = await people('stranger');
      const posts = [await publish(friend!), await publish(star!)];
      await catchUp();
      await expect.poll(() => app.get(PulledAuthors).list(), PATIENCE).toContain(star!.id);
      const strange = await tagOf(stranger!);
      let tag = await tagOf(reader!);
      for (const [index, author] of [friend!, star!].entries()) {
        for (const change of [
          () => author.patch(`/v1/posts/${posts[index]!}`, { body: 'edited' }),
          () => author.patch(`/v1/posts/${posts[index]!}`, { body: 'edited again' }),
          () => author.delete(`/v1/posts/${posts[index]!}`),
        ]) {
          expect(await ask(reader!, tag)).toBe(304);
          expect((await change()).status).toBeLessThan(300);
          expect(await ask(reader!, tag)).toBe(200);
          tag = await tagOf(reader!);
        }
      }
      expect(await ask(reader!, tag)).toBe(304);
      expect(await ask(stranger!, strange)).toBe(304);
    });

    it('is there while the gate is closed, and not once more when it opens', async () => {
      const [reader, friend] = await people('reader', 'friend');
      await reader!.follow(friend!);
      await catchUp();
      let tag = await tagOf(reader!);
      await withWorker(async () => {
        await app.get(Gate).close({ reason: 'a test', by: 'a test' });
        const id = await publish(friend!);
        expect(await ask(reader!, tag)).toBe(200);
        const { headers, body } = await reader!.get('/v1/feeds/friends');
        expect(body.data.map((entry: { id: string }) => entry.id)).toEqual([id]);
        tag = headers.get('etag')!;
        expect(await ask(reader!, tag)).toBe(304);
        await app.get(Gate).open('a test');
      });
      expect(await ask(reader!, tag)).toBe(304);
    });

    it('is there when the reader follows, moves, mutes, blocks or leaves somebody', async () => {
      const [reader, author] = await people('reader', 'author');
      await publish(author!);
      let tag = await tagOf(reader!);
      for (const change of [
        () => reader!.follow(author!),
        () => reader!.follow(author!, 'noise'),
        () => reader!.delete(`/v1/relationships/${author!.id}`),
        () => reader!.follow(author!),
        () => reader!.put(`/v1/relationships/${author!.id}`, { kind: 'mute' }),
        () => reader!.follow(author!),
        () => author!.put(`/v1/relationships/${reader!.id}`, { kind: 'block' }),
      ]) {
        await change();
        expect(await ask(reader!, tag)).toBe(200);
        tag = await tagOf(reader!);
        expect(await ask(reader!, tag)).toBe(304);
      }
      expect(
        (await reader!.send('HEAD', '/v1/feeds/friends', undefined, { 'if-none-match': tag })).headers.get(
          'etag',
        ),
      ).toBe(tag);
    });

    it('is there with a post that nobody gets written', async () => {
      const [star, ...fans] = await people('star', 'f', 'f', 'f', 'f', 'f', 'f');
      for (const fan of fans) await fan.follow(star!);
      await publish(star!);
      await catchUp();
      await expect.poll(() => app.get(PulledAuthors).list(), PATIENCE).toContain(star!.id);
      let tag = await tagOf(fans[0]!);
      expect(await ask(fans[0]!, tag)).toBe(304);
      await publish(star!);
      await catchUp();
      expect(await ask(fans[0]!, tag)).toBe(200);
      tag = await tagOf(fans[0]!);
      expect(await ask(fans[0]!, tag)).toBe(304);
    });

    it('is assumed without a tag, with a foreign one, and when Redis has forgotten', async () => {
      const [reader, stranger] = await people('reader', 'stranger');
      const tag = await tagOf(reader!);
      expect(await ask(reader!, '')).toBe(200);
      expect(await ask(reader!, '*')).toBe(200);
      expect(await ask(reader!, await tagOf(stranger!))).toBe(200);
      expect(await ask(reader!, tag)).toBe(304);
      await wipe('live:');
      expect(await ask(reader!, tag)).toBe(200);
      expect(await ask(reader!, tag)).toBe(200);
      const after = await tagOf(reader!);
      await wipe('graph:');
      expect(await ask(reader!, after)).toBe(200);
      await app.get(MirrorRebuild).run();
      expect(await ask(reader!, await tagOf(reader!))).toBe(304);
    });

    it('is assumed while Redis is away, and the feed is read without a tag', async () => {
      const [reader] = await people('reader');
      const tag = await tagOf(reader!);
      const lost = await TestApp.start(
        { REDIS_URL: 'redis://127.0.0.1:1', QUEUE_REDIS_URL: app.environment.REDIS_URL!, ROLES: 'http' },
        app.environment,
      );
      try {
        const there = await lost.clientOf(reader!.id);
        expect(await ask(there, tag)).toBe(200);
        const { status, headers } = await there.get('/v1/feeds/friends');
        expect([status, headers.get('etag')]).toEqual([200, null]);
      } finally {
        await lost.stop();
      }
    });

    it('is assumed when a worker could write a row and tell nobody', async () => {
      const [reader, friend] = await people('reader', 'friend');
      await reader!.follow(friend!);
      await catchUp();
      const tag = await tagOf(reader!);
      await publish(friend!);
      const worker = await TestApp.start({ ROLES: 'worker' }, app.environment);
      worker.get(GraphRedis).client.disconnect();
      await expect
        .poll(async () => (await reader!.get('/v1/feeds/friends')).headers.get('etag'), PATIENCE)
        .toBeNull();
      expect(await ask(reader!, tag)).toBe(200);
      await worker.stop();
      await catchUp();
      expect(await ask(reader!, tag)).toBe(200);
      expect(await ask(reader!, await tagOf(reader!))).toBe(304);
    });
  });

  describe('sent to those who listen', () => {
    it('comes to every process at which somebody listens, as the feed and the list have it', async () => {
      const [reader, friend, star] = await people('reader', 'friend', 'star');
      await reader!.follow(friend!);
      await catchUp();
      const both = [await listen(app, reader!), await listen(other, reader!)];
      await withWorker(async () => {
        const id = await publish(friend!, `hello @${reader!.username}`);
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
      const [reader, ...authors] = await people('reader', 'a', 'b', 'c');
      for (const author of authors) await reader!.follow(author);
      await catchUp();
      const got: string[] = [];
      let stream = await listen(app, reader!);
      await withWorker(async () => {
        for (let round = 0; round < 8; round++) {
          const posting = Promise.all(authors.map((author) => publish(author, `post ${round}`)));
          if (round % 2 === 1) {
            const { lastId } = stream;
            got.push(...postsOf(stream));
            stream.close();
            await posting;
            stream = await listen(round % 4 === 1 ? other : app, reader!, lastId);
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
      const [star, ...fans] = await people('star', 'f', 'f', 'f', 'f', 'f', 'f');
      for (const fan of fans) await fan.follow(star!);
      const [stranger] = await people('stranger');
      await catchUp();
      const stream = await listen(app, fans[0]!);
      const strange = await listen(app, stranger!);
      await withWorker(async () => {
        const id = await publish(star!);
        await expect.poll(() => postsOf(stream), PATIENCE).toEqual([id]);
      });
      stream.close();
      const missed = await publish(star!);
      await catchUp();
      const again = await listen(other, fans[0]!, stream.lastId);
      await expect.poll(() => postsOf(again), PATIENCE).toEqual([missed]);
      expect(strange.events).toEqual([]);
    });

    it.each(['nonsense', 'AAAAAAAAAAA.1-1', `${'A'.repeat(11)}.9999999999999999-0`])(
      'tells to begin anew who comes with %s',
      async (lastId) => {
        const [reader] = await people('reader');
        const stream = await listen(app, reader!, lastId);
        await expect.poll(() => stream.events.map(({ event }) => event), PATIENCE).toEqual(['reset']);
      },
    );

    it('tells to begin anew when the log has lost what came since, or Redis everything', async () => {
      const [reader, friend] = await people('reader', 'friend');
      await reader!.follow(friend!);
      await catchUp();
      const first = await listen(app, reader!);
      await withWorker(async () => {
        for (let i = 0; i < 3; i++) await publish(friend!);
        await expect.poll(() => postsOf(first).length, PATIENCE).toBe(3);
      });
      const [oldest] = first.events;
      await app
        .get(GraphRedis)
        .client.xtrim(`${app.environment.REDIS_PREFIX!}live:{${reader!.id}}:log`, 'MAXLEN', 2);
      const behind = await listen(other, reader!, oldest!.id);
      await expect.poll(() => behind.events.map(({ event }) => event), PATIENCE).toEqual(['reset']);
      expect(first.of('reset')).toEqual([]);

      await wipe('live:');
      for (const stream of [first, behind]) {
        const before = stream.of('reset').length;
        await expect.poll(() => stream.of('reset').length, PATIENCE).toBe(before + 1);
      }
      await withWorker(async () => {
        const id = await publish(friend!);
        for (const stream of [first, behind])
          await expect.poll(() => postsOf(stream).at(-1), PATIENCE).toBe(id);
      });
    }, 60_000);

    it('leaves out what the rules hide', async () => {
      const [reader, friend, hidden] = await people('reader', 'friend', 'hidden');
      for (const author of [friend!, hidden!]) await reader!.follow(author);
      await catchUp();
      const stream = await listen(app, reader!);
      const deleted = await publish(friend!);
      await friend!.delete(`/v1/posts/${deleted}`);
      await publish(hidden!, `hello @${reader!.username}`);
      await reader!.put(`/v1/relationships/${hidden!.id}`, { kind: 'mute' });
      const kept = await publish(friend!);
      await catchUp();
      await expect.poll(() => postsOf(stream), PATIENCE).toEqual([kept]);
      expect(stream.of('notification')).toEqual([]);
    });

    it('cuts off a client that does not read, and goes on for the others', async () => {
      const [reader, friend] = await people('reader', 'friend');
      await reader!.follow(friend!);
      await catchUp();
      const slow = await listen(app, reader!, undefined, false);
      const quick = await listen(app, reader!);
      const ids: string[] = [];
      await withWorker(async () => {
        // Of three bytes a letter, and told twice: the sockets alone hold some megabytes.
        const quoted = await publish(friend!, '€'.repeat(4_900));
        const quote = async () =>
          (await friend!.post('/v1/posts', { body: '€'.repeat(4_900), repostOf: quoted })).body.id as string;
        ids.push(quoted);
        for (let i = 0; i < 60 && app.get(LiveStreams).overflows === 0; i++)
          ids.push(...(await Promise.all(Array.from({ length: 8 }, quote))));
        await expect.poll(() => app.get(LiveStreams).overflows, PATIENCE).toBe(1);
        ids.push(await publish(friend!));
        await expect.poll(() => postsOf(quick).sort(), PATIENCE).toEqual(ids.sort());
      });
      slow.read();
      await expect.poll(() => slow.ended, PATIENCE).toBe(true);
      expect(quick.ended).toBe(false);
    }, 120_000);

    it('ends with the session, with the token, and past the number that one user may have', async () => {
      const [reader] = await people('reader');
      const open = [await listen(app, reader!), await listen(app, reader!), await listen(app, reader!)];
      await expect(listen(app, reader!)).rejects.toThrow('429');
      await expect(listen(app, app.anonymous())).rejects.toThrow('401');
      const { sessionId } = app.get(Tokens).verifyAccess(reader!.token!)!;
      await app.get(Sessions).revoke([sessionId]);
      for (const stream of open) await expect.poll(() => stream.ended, PATIENCE).toBe(true);

      const brief = await TestApp.start({ ACCESS_TOKEN_SECONDS: '5', ROLES: 'http' }, app.environment);
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
});
