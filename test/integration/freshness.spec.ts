import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Freshness } from '../../src/fanout/freshness.js';
import { Gate } from '../../src/fanout/gate.js';
import { PulledAuthors } from '../../src/fanout/pulled-authors.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';
import { TwoServers } from '../support/two-servers.js';

const PATIENCE = { timeout: 20_000 };

describe('news of a feed, asked for by HEAD', () => {
  let servers: TwoServers;

  beforeAll(async () => {
    servers = await TwoServers.start({ PULL_AUDIENCE: '6' });
  });
  afterAll(() => servers.stop());

  /** A newcomer has none in the first moments. */
  const tagOf = (reader: Client, kind = 'friends') =>
    vi.waitFor(async () => {
      const tag = (await reader.get(`/v1/feeds/${kind}`)).headers.get('etag');
      if (tag === null) throw new Error('there is no tag yet');
      return tag;
    }, PATIENCE);
  const ask = async (reader: Client, tag: string, kind = 'friends') =>
    (await reader.send('HEAD', `/v1/feeds/${kind}`, undefined, { 'if-none-match': tag })).status;

  it('is there with each post as soon as it is accepted, and once, whatever is written behind', async () => {
    const [reader, friend, noise, stranger] = await servers.people('reader', 'friend', 'noise', 'stranger');
    await reader!.follow(friend!);
    await reader!.follow(noise!, 'noise');
    await servers.catchUp();
    let tag = await tagOf(reader!);
    const noiseTag = await tagOf(reader!, 'noise');
    expect(tag).toMatch(/^W\/"[\w-]{27}"$/);
    expect(await ask(reader!, tag)).toBe(304);
    expect(await ask(reader!, `"other", ${tag}`)).toBe(304);

    await servers.publish(stranger!);
    expect(await ask(reader!, tag)).toBe(304);
    await servers.publish(friend!);
    expect(await ask(reader!, tag)).toBe(200);
    expect(await ask(reader!, noiseTag, 'noise')).toBe(304);
    tag = await tagOf(reader!);
    expect(await ask(reader!, tag)).toBe(304);
    await servers.catchUp();
    expect(await ask(reader!, tag)).toBe(304);

    await servers.publish(friend!);
    await servers.catchUp();
    expect(await ask(reader!, tag)).toBe(200);
    await servers.publish(noise!);
    expect(await ask(reader!, noiseTag, 'noise')).toBe(200);
  });

  it('is asked of Redis in one command at most, and of Postgres by all at once', async () => {
    const [reader, friend] = await servers.people('reader', 'friend');
    await reader!.follow(friend!);
    await servers.publish(friend!);
    const tag = await tagOf(reader!);
    const sent = vi.spyOn(servers.app.get(GraphRedis).client, 'sendCommand');
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(reader!, tag)));
    expect(new Set(answers)).toEqual(new Set([304]));
    // Whatever is counted against an allowance is asked of Redis as well, by every route.
    const asked = sent.mock.calls.flatMap(([{ name, args }]) => {
      const texts = args.map(String);
      const questions = texts.filter((text) => text.split(/\W/).includes(reader!.id)).length;
      return questions > 0 && !texts.join().includes(':rate:')
        ? [{ name: name.toUpperCase(), questions }]
        : [];
    });
    expect(new Set(asked.map(({ name }) => name))).toEqual(new Set(['EVALSHA']));
    expect(asked.reduce((sum, { questions }) => sum + questions, 0)).toBe(100);
    // Those who ask at the same time go together.
    expect(asked.length).toBeLessThan(100);
    sent.mockRestore();

    const query = vi.spyOn(servers.app.get(PrimaryDatabase), 'sharedTuples');
    const freshness = servers.app.get(Freshness);
    const tags = await Promise.all(Array.from({ length: 100 }, () => freshness.tag(reader!.id, 'friend')));
    expect(tags).toEqual(Array(100).fill(tag.slice(3, -1)));
    const looks = query.mock.calls.filter(([{ text }]) => text.includes('unnest($1::text[])'));
    expect([1, 2]).toContain(looks.length);
    query.mockRestore();
  });

  it('is there when a post is edited or deleted, of one who is written or merged, for who follows them', async () => {
    const [reader, friend, star, ...fans] = await servers.people(
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
    const [stranger] = await servers.people('stranger');
    const posts = [await servers.publish(friend!), await servers.publish(star!)];
    await servers.catchUp();
    await expect.poll(() => servers.app.get(PulledAuthors).list(), PATIENCE).toContain(star!.id);
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
    const [reader, friend] = await servers.people('reader', 'friend');
    await reader!.follow(friend!);
    await servers.catchUp();
    let tag = await tagOf(reader!);
    await servers.withWorker(async () => {
      await servers.app.get(Gate).close({ reason: 'a test', by: 'a test' });
      const id = await servers.publish(friend!);
      expect(await ask(reader!, tag)).toBe(200);
      const { headers, body } = await reader!.get('/v1/feeds/friends');
      expect(body.data.map((entry: { id: string }) => entry.id)).toEqual([id]);
      tag = headers.get('etag')!;
      expect(await ask(reader!, tag)).toBe(304);
      await servers.app.get(Gate).open('a test');
    });
    expect(await ask(reader!, tag)).toBe(304);
  });

  it('is there when the reader follows, moves, mutes, blocks or leaves somebody', async () => {
    const [reader, author] = await servers.people('reader', 'author');
    await servers.publish(author!);
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
    const [star, ...fans] = await servers.people('star', 'f', 'f', 'f', 'f', 'f', 'f');
    for (const fan of fans) await fan.follow(star!);
    await servers.publish(star!);
    await servers.catchUp();
    await expect.poll(() => servers.app.get(PulledAuthors).list(), PATIENCE).toContain(star!.id);
    let tag = await tagOf(fans[0]!);
    expect(await ask(fans[0]!, tag)).toBe(304);
    await servers.publish(star!);
    await servers.catchUp();
    expect(await ask(fans[0]!, tag)).toBe(200);
    tag = await tagOf(fans[0]!);
    expect(await ask(fans[0]!, tag)).toBe(304);
  });

  it('is assumed without a tag, with a foreign one, and when Redis has forgotten', async () => {
    const [reader, stranger] = await servers.people('reader', 'stranger');
    const tag = await tagOf(reader!);
    expect(await ask(reader!, '')).toBe(200);
    expect(await ask(reader!, '*')).toBe(200);
    expect(await ask(reader!, await tagOf(stranger!))).toBe(200);
    expect(await ask(reader!, tag)).toBe(304);
    await servers.wipe('live:');
    expect(await ask(reader!, tag)).toBe(200);
    expect(await ask(reader!, tag)).toBe(200);
    const after = await tagOf(reader!);
    await servers.wipe('graph:');
    expect(await ask(reader!, after)).toBe(200);
    await servers.app.get(MirrorRebuild).run();
    expect(await ask(reader!, await tagOf(reader!))).toBe(304);
  });

  it('is assumed while Redis is away, and the feed is read without a tag', async () => {
    const [reader] = await servers.people('reader');
    const tag = await tagOf(reader!);
    const lost = await TestApp.start(
      {
        REDIS_URL: 'redis://127.0.0.1:1',
        QUEUE_REDIS_URL: servers.app.environment.REDIS_URL!,
        ROLES: 'http',
      },
      servers.app.environment,
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
    const [reader, friend] = await servers.people('reader', 'friend');
    await reader!.follow(friend!);
    await servers.catchUp();
    const tag = await tagOf(reader!);
    const worker = await TestApp.start({ ROLES: 'worker' }, servers.app.environment);
    worker.get(GraphRedis).client.disconnect();
    await servers.publish(friend!);
    await expect
      .poll(async () => (await reader!.get('/v1/feeds/friends')).headers.get('etag'), PATIENCE)
      .toBeNull();
    expect(await ask(reader!, tag)).toBe(200);
    await worker.stop();
    await servers.catchUp();
    expect(await ask(reader!, tag)).toBe(200);
    expect(await ask(reader!, await tagOf(reader!))).toBe(304);
  });
});
