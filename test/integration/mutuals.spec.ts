import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('mutuals', () => {
  let app: TestApp;
  let viewer: Client;
  let target: Client;
  let friends: Client[];

  beforeAll(async () => {
    app = await TestApp.start();
    await app.mirrored();
    viewer = await app.user('viewer');
    target = await app.user('target');
    friends = await Promise.all(Array.from({ length: 7 }, (_, i) => app.user(`friend${i}`)));
    friends.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
    const stranger = await app.user('stranger');
    for (const [i, friend] of friends.entries()) {
      await viewer.follow(friend, i % 2 === 0 ? 'friend' : 'noise');
      await friend.follow(i < 5 ? target : stranger, i % 3 === 0 ? 'noise' : 'friend');
    }
    await stranger.follow(target);
  });
  afterAll(() => app.stop());

  const shared = () => friends.slice(0, 5).map(({ id }) => id);
  const fallbacks = async () =>
    (await app.get(Metrics).mirrorFallbacks.get()).values.find(({ labels }) => labels.reason === 'mutuals')
      ?.value ?? 0;
  const path = () => `/v1/users/${target.id}/mutuals`;

  it('are those of the viewer who follow the user, in pages, with their number', async () => {
    const { body } = await viewer.get(`/v1/users/@target/mutuals?limit=2`);
    expect(body.count).toBe(5);
    expect((await viewer.all(`${path()}?limit=2`)).map(({ id }) => id)).toEqual(shared());
    expect((await target.get(`/v1/users/${viewer.id}/mutuals`)).body).toMatchObject({ data: [], count: 0 });
  });

  it('are the same from the mirror and without it', async () => {
    // Who is missing in the mirror at first is loaded when somebody asks.
    await expect
      .poll(async () => {
        const before = await fallbacks();
        expect((await viewer.all(path())).map(({ id }) => id)).toEqual(shared());
        return (await fallbacks()) - before;
      })
      .toBe(0);
    const before = await fallbacks();
    const { client } = app.get(GraphRedis);
    await client.del(...(await client.keys(`${app.environment.REDIS_PREFIX}graph:*`)));
    expect((await viewer.all(path())).map(({ id }) => id)).toEqual(shared());
    expect(await fallbacks()).toBeGreaterThan(before);
    await app.mirrored();
    expect((await viewer.all(path())).map(({ id }) => id)).toEqual(shared());
  });

  it('change at once, and pages go on where they were', async () => {
    const first = (await viewer.get(`${path()}?limit=2`)).body;
    await friends[0]!.delete(`/v1/relationships/${target.id}`);
    await viewer.delete(`/v1/relationships/${friends[2]!.id}`);
    const rest = await viewer.all(path(), first.page.next);
    expect(rest.map(({ id }) => id)).toEqual([friends[3]!.id, friends[4]!.id]);
    expect((await viewer.get(path())).body.count).toBe(3);
  });

  it('are not found for who is blocked, either way', async () => {
    await target.put(`/v1/relationships/${viewer.id}`, { kind: 'block' });
    expect((await viewer.get(path())).status).toBe(404);
    expect((await target.get(`/v1/users/${viewer.id}/mutuals`)).status).toBe(404);
    expect((await viewer.get('/v1/users/@nobody/mutuals')).status).toBe(404);
  });
});
