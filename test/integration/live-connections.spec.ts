import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Outbox } from '../../src/platform/outbox/outbox.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import type { Client } from '../support/client.js';
import { EventStream } from '../support/event-stream.js';
import { ProductProcess } from '../support/processes.js';
import { TcpRelay } from '../support/tcp-relay.js';
import { TestApp } from '../support/test-app.js';
import { TwoServers } from '../support/two-servers.js';

const PATIENCE = { timeout: 40_000 };
/** Of three bytes a letter. */
const LONG = '€'.repeat(4_900);
/** Of events with it and a quote of it: more than the sockets between two processes hold, of new kernels some forty megabytes. */
const MORE_THAN_SOCKETS_HOLD = 2_500;

describe('connections of those who listen', () => {
  let servers: TwoServers;
  let reader: Client;
  let friend: Client;
  const streams: EventStream[] = [];

  beforeAll(async () => {
    servers = await TwoServers.start({});
    [reader, friend] = (await servers.people('reader', 'friend')) as [Client, Client];
    await reader.follow(friend);
    await servers.catchUp();
  });
  afterEach(() => streams.splice(0).forEach((stream) => stream.close()));
  afterAll(() => servers.stop());

  const listen = async (url: string, client: Client, isRead = true) => {
    const stream = await EventStream.open(url, client, undefined, isRead);
    streams.push(stream);
    return stream;
  };
  /** Puts posts into the reader's log as a worker does, but tells nobody. */
  const log = async (posts: readonly string[]) => {
    const { client } = servers.app.get(GraphRedis);
    const key = `${servers.app.environment.REDIS_PREFIX!}live:{${reader.id}}:log`;
    const pipeline = client.pipeline();
    for (const post of posts) pipeline.xadd(key, '*', 'entry', `friends post ${post} ${friend.id} ${post}`);
    await pipeline.exec();
    return key;
  };
  const other = (settings: Record<string, string>) =>
    TestApp.start({ ROLES: 'http', ...settings }, servers.app.environment);

  it('are as many as a process may have, and one more as soon as one has left', async () => {
    const narrow = await other({ STREAMS_PER_PROCESS: '2' });
    try {
      const first = await listen(narrow.url, reader);
      await listen(narrow.url, friend);
      await expect(listen(narrow.url, friend)).rejects.toThrow('503');
      const refusal = await (await narrow.clientOf(friend.id)).get('/v1/stream');
      expect(refusal).toMatchObject({ status: 503, body: { type: 'urn:sluice:problem:overloaded' } });
      first.close();
      await expect.poll(() => listen(narrow.url, friend).then(() => 'open', String), PATIENCE).toBe('open');
    } finally {
      await narrow.stop();
    }
  });

  it('take no place when the client has gone before its stream began', async () => {
    const narrow = await other({ STREAMS_PER_PROCESS: '2' });
    try {
      await listen(narrow.url, reader);
      const leave = (afterMs: number) =>
        new Promise((resolve) => {
          const headers = { authorization: `Bearer ${reader.token}` };
          const outgoing = request(new URL('/v1/stream', narrow.url), { headers, agent: false });
          outgoing.on('error', resolve).on('close', resolve).end();
          setTimeout(() => outgoing.destroy(), afterMs);
        });
      for (let afterMs = 0; afterMs < 20; afterMs++)
        await Promise.all(Array.from({ length: 3 }, () => leave(afterMs)));
      await expect.poll(() => listen(narrow.url, friend).then(() => 'open', String), PATIENCE).toBe('open');
    } finally {
      await narrow.stop();
    }
  });

  it('show that they are alive, and what came meanwhile although nobody told of it', async () => {
    const stream = await listen(servers.app.url, reader);
    const before = stream.beats;
    const post = await servers.publish(friend);
    await log([post]);
    await expect
      .poll(() => stream.of('feed').map(({ entry }) => entry.id as string), PATIENCE)
      .toEqual([post]);
    expect(stream.beats).toBeGreaterThan(before);
    await expect.poll(() => stream.beats, PATIENCE).toBeGreaterThan(before + 1);
  }, 90_000);

  it('bring a post with the message of it, not with the next sign of life', async () => {
    await servers.catchUp();
    const stream = await listen(servers.app.url, reader);
    const before = stream.beats;
    const posts: string[] = [];
    await servers.withWorker(async () => {
      for (let i = 0; i < 3; i++) {
        posts.push(await servers.publish(friend));
        await expect
          .poll(() => stream.of('feed').map(({ entry }) => entry.id as string), PATIENCE)
          .toEqual(posts);
      }
    });
    expect(stream.beats - before).toBeLessThan(posts.length);
  }, 150_000);

  it('are told to begin anew when a worker could write a row and tell nobody', async () => {
    const stream = await listen(servers.app.url, reader);
    const worker = await TestApp.start({ ROLES: 'worker' }, servers.app.environment);
    worker.get(GraphRedis).client.disconnect();
    const post = await servers.publish(friend);
    const lost = () => servers.app.get(Outbox).backlog(['announcements.lost']);
    await expect.poll(lost, PATIENCE).toHaveLength(1);
    await worker.stop();
    await servers.catchUp();
    await expect.poll(() => stream.of('reset').length, PATIENCE).toBe(1);
    expect(stream.of('feed')).toEqual([]);
    expect((await reader.get('/v1/feeds/friends')).body.data[0].id).toBe(post);
  }, 90_000);

  it('begin whenever they are asked for, also while the process is connecting to Redis', async () => {
    const relay = await TcpRelay.start(servers.app.environment.REDIS_URL!);
    const slow = await other({ REDIS_URL: relay.url, QUEUE_REDIS_URL: servers.app.environment.REDIS_URL! });
    try {
      relay.holdNew();
      const opening = [listen(slow.url, reader)];
      await expect.poll(() => relay.held, PATIENCE).toMatch(/setinfo/i);
      opening.push(listen(slow.url, friend));
      await expect.poll(() => relay.held, PATIENCE).toMatch(/subscribe/i);
      relay.release();
      await Promise.all(opening);
    } finally {
      await slow.stop();
      await relay.stop();
    }
  });

  it('outlast it when the connection to Redis breaks again and again', async () => {
    const relay = await TcpRelay.start(servers.app.environment.REDIS_URL!);
    const shaky = await other({ REDIS_URL: relay.url, QUEUE_REDIS_URL: servers.app.environment.REDIS_URL! });
    try {
      const stream = await listen(shaky.url, reader);
      for (let i = 0; i < 40; i++) {
        relay.cut();
        await new Promise((resolve) => setTimeout(resolve, i * 3));
      }
      const post = await servers.publish(friend);
      await servers.catchUp();
      await expect
        .poll(() => stream.of('feed').map(({ entry }) => entry.id as string), PATIENCE)
        .toContain(post);
      expect(stream.ended).toBe(false);
    } finally {
      await shaky.stop();
      await relay.stop();
    }
  }, 90_000);

  it('do not keep a process from stopping that takes leave of clients which take nothing', async () => {
    const quoted = await servers.publish(friend, LONG);
    const quote = await friend.post(`/v1/posts/${quoted}/repost`, { body: LONG });
    await servers.catchUp();
    const main = await ProductProcess.start('main', { ...servers.app.environment, ROLES: 'http' });
    try {
      const idle = await listen(main.url, reader);
      const silent = await listen(main.url, reader, false);
      const quick = await listen(main.url, reader);
      const key = await log(Array<string>(MORE_THAN_SOCKETS_HOLD).fill(quote.body.id as string));
      await servers.app.get(GraphRedis).client.publish(key, '');
      await expect.poll(() => quick.of('feed').length, PATIENCE).toBe(MORE_THAN_SOCKETS_HOLD);
      main.kill('SIGTERM');
      expect(await main.ended).toEqual({ code: 0, signal: null });
      for (const stream of [idle, quick]) await expect.poll(() => stream.ended, PATIENCE).toBe(true);
      silent.close();
    } finally {
      await main.stop();
    }
  }, 120_000);
});
