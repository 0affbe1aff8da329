import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { MirrorVerification } from '../../src/relationships/mirror-verification.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { MostFollowed } from '../../src/relationships/most-followed.js';
import type { RelationshipKind } from '../../src/users/user-view.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

const PEOPLE = 9;

/** Who stands how to whom, and who has dismissed whom, by number. */
interface World {
  edges: Map<string, RelationshipKind>;
  dismissed: Set<string>;
}

const isFollow = (kind: RelationshipKind | undefined) => kind === 'friend' || kind === 'noise';

/** The plain model: everybody is looked at. Answers `[number, count, first three]`, best first; among equals the newest. */
function modelOf({ edges, dismissed }: World, viewer: number): [number, number, number[]][] {
  const people = Array.from({ length: PEOPLE }, (_, person) => person);
  const found = people.flatMap((person): [number, number, number[]][] => {
    const mine = people.filter(
      (friend) => isFollow(edges.get(`${viewer} ${friend}`)) && isFollow(edges.get(`${friend} ${person}`)),
    );
    const isOut =
      person === viewer ||
      edges.has(`${viewer} ${person}`) ||
      edges.get(`${person} ${viewer}`) === 'block' ||
      dismissed.has(`${viewer} ${person}`);
    return isOut || mine.length === 0 ? [] : [[person, mine.length, mine.slice(0, 3)]];
  });
  return found.sort((a, b) => b[1] - a[1] || b[0] - a[0]);
}

const step = fc.record({
  owner: fc.integer({ min: 0, max: PEOPLE - 1 }),
  subject: fc.integer({ min: 0, max: PEOPLE - 1 }),
  act: fc.constantFrom<RelationshipKind | 'none' | 'dismiss'>(
    ...(['friend', 'friend', 'friend', 'noise', 'noise', 'block', 'mute', 'none', 'dismiss'] as const),
  ),
});

describe('recommendations', () => {
  let app: TestApp;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    await app.mirrored();
  });
  afterAll(() => app.stop());

  /** One after the other, so that the order of their ids is known. */
  const some = async (count: number): Promise<Client[]> => {
    const people: Client[] = [];
    while (people.length < count) people.push(await app.user(`someone${counter++}`));
    return people.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  };
  const recommended = async (viewer: Client, limit = 20) => {
    const { status, body } = await viewer.get(`/v1/recommendations/users?limit=${limit}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body.data as {
      user: { id: string };
      followedBy: { count: number; users: { id: string; username: string }[] };
    }[];
  };
  const ids = async (viewer: Client) => (await recommended(viewer)).map(({ user }) => user.id);
  const flush = async () => {
    const { client } = app.get(GraphRedis);
    const keys = await client.keys(`${app.environment.REDIS_PREFIX}graph:*`);
    if (keys.length > 0) await client.del(...keys);
  };

  it('are what a plain model says, whatever was done, with the mirror and without', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const people = await some(PEOPLE);
        const world: World = { edges: new Map(), dismissed: new Set() };
        const check = async (viewer: number) => {
          const answer = await recommended(people[viewer]!);
          const withFriends = answer.filter(({ followedBy }) => followedBy.count > 0);
          const number = (id: string) => people.findIndex((person) => person.id === id);
          expect(
            withFriends.map(({ user, followedBy }) => [
              number(user.id),
              followedBy.count,
              followedBy.users.map((one) => number(one.id)),
            ]),
          ).toEqual(modelOf(world, viewer));
        };
        for (const { owner, subject, act } of steps) {
          if (owner === subject) continue;
          const [mine, theirs] = [`${owner} ${subject}`, `${subject} ${owner}`];
          const [one, other] = [people[owner]!, people[subject]!];
          if (act === 'dismiss') {
            expect((await one.delete(`/v1/recommendations/users/${other.id}`)).status).toBe(204);
            world.dismissed.add(mine);
          } else if (act === 'none') {
            expect((await one.delete(`/v1/relationships/${other.id}`)).status).toBe(204);
            world.edges.delete(mine);
          } else {
            const { status } = await one.put(`/v1/relationships/${other.id}`, { kind: act });
            const isRefused = act !== 'block' && world.edges.get(theirs) === 'block';
            expect(status).toBe(isRefused ? 404 : 200);
            if (!isRefused) world.edges.set(mine, act);
            if (act === 'block' && isFollow(world.edges.get(theirs))) world.edges.delete(theirs);
          }
          await check(owner);
          await check(subject);
        }
        for (let viewer = 0; viewer < PEOPLE; viewer++) await check(viewer);
        await flush();
        for (let viewer = 0; viewer < PEOPLE; viewer++) await check(viewer);
        await app.mirrored();
        for (let viewer = 0; viewer < PEOPLE; viewer++) await check(viewer);
        const { drift } = await app.get(MirrorVerification).run({ users: people.map(({ id }) => id) });
        expect(drift).toEqual([]);
      }),
      { numRuns: 8, seed: 20_261_125 },
    );
  });

  it('come from what lies ready, and yet change at once with a follow of the viewer or of one they follow', async () => {
    const [viewer, friend, other, a, b] = (await some(5)) as [Client, Client, Client, Client, Client];
    await viewer.follow(friend);
    await viewer.follow(other, 'noise');
    await friend.follow(a);
    expect(await ids(viewer)).toEqual([a.id]);
    const { client } = app.get(GraphRedis);
    const { keys } = app.get(Mirror);
    const key = keys.suggestions((await app.get(Mirror).currentEpoch())!, viewer.id);
    await expect.poll(() => client.hget(key, 'list')).toContain(a.id);
    // What lies ready is what is answered: a list that nobody would have worked out shows that.
    await client.hset(key, 'list', `whole\n${b.id} 7 ${friend.id}`);
    expect(await recommended(viewer)).toMatchObject([{ user: { id: b.id }, followedBy: { count: 7 } }]);

    await other.follow(a);
    expect(await recommended(viewer)).toMatchObject([{ user: { id: a.id }, followedBy: { count: 2 } }]);
    await friend.follow(b);
    expect(await ids(viewer)).toEqual([a.id, b.id]);
    await viewer.follow(a);
    expect(await ids(viewer)).toEqual([b.id]);
    await viewer.delete(`/v1/relationships/${a.id}`);
    expect(await ids(viewer)).toEqual([a.id, b.id]);
    await friend.delete(`/v1/relationships/${b.id}`);
    expect(await ids(viewer)).toEqual([a.id]);
  });

  it('leave out, one by one, whoever does not belong there', async () => {
    const [viewer, friend, ...others] = (await some(8)) as [Client, Client, ...Client[]];
    const [kept, muted, blocked, blocker, dismissed, gone] = others as [
      Client,
      Client,
      Client,
      Client,
      Client,
      Client,
    ];
    await viewer.follow(friend);
    for (const other of [viewer, ...others]) await friend.follow(other);
    let left = others.map(({ id }) => id).reverse();
    const without = async (person: Client) => {
      left = left.filter((id) => id !== person.id);
      expect(await ids(viewer)).toEqual(left);
    };
    expect(await ids(viewer)).toEqual(left);
    await viewer.put(`/v1/relationships/${muted.id}`, { kind: 'mute' });
    await without(muted);
    await viewer.put(`/v1/relationships/${blocked.id}`, { kind: 'block' });
    await without(blocked);
    await blocker.put(`/v1/relationships/${viewer.id}`, { kind: 'block' });
    await without(blocker);
    await viewer.delete(`/v1/recommendations/users/${dismissed.id}`);
    await without(dismissed);
    await gone.delete('/v1/me');
    await without(gone);
    await app.drained();
    expect(await ids(viewer)).toEqual([kept.id]);
  });

  it('name only followers who are still there', async () => {
    const [viewer, friend, gone, person] = (await some(4)) as [Client, Client, Client, Client];
    for (const one of [friend, gone]) {
      await viewer.follow(one);
      await one.follow(person);
    }
    await gone.delete('/v1/me');
    await app.drained();
    expect(await recommended(viewer)).toMatchObject([
      { followedBy: { count: 1, users: [{ id: friend.id, username: friend.username }] } },
    ]);
  });

  it('remember a dismissal through a wipe of Redis and a rebuild', async () => {
    const [viewer, friend, a, b] = (await some(4)) as [Client, Client, Client, Client];
    await viewer.follow(friend);
    for (const one of [a, b]) await friend.follow(one);
    for (let time = 0; time < 2; time++)
      expect((await viewer.delete(`/v1/recommendations/users/${b.id}`)).status).toBe(204);
    expect(await ids(viewer)).toEqual([a.id]);
    await flush();
    expect(await ids(viewer)).toEqual([a.id]);
    await app.mirrored();
    expect(await ids(viewer)).toEqual([a.id]);
    await app.drained();
    const { drift } = await app.get(MirrorVerification).run({ users: [viewer.id] });
    expect(drift).toEqual([]);
  });

  it('show the most followed to who follows nobody, with the same exclusions', async () => {
    const [star, second, third, ...fans] = (await some(9)) as [Client, Client, Client, ...Client[]];
    for (const fan of fans) await fan.follow(star);
    for (const fan of fans.slice(1)) await fan.follow(second);
    for (const fan of fans.slice(2)) await fan.follow(third, 'noise');
    const [newcomer] = (await some(1)) as [Client];
    expect(await app.get(MostFollowed).refresh(0)).toBe(true);
    const among = async () =>
      (await ids(newcomer)).filter((id) => [star.id, second.id, third.id].includes(id));
    expect(await among()).toEqual([star.id, second.id, third.id]);
    expect((await recommended(newcomer))[0]!.followedBy).toEqual({ count: 0, users: [] });
    await newcomer.delete(`/v1/recommendations/users/${star.id}`);
    expect(await among()).toEqual([second.id, third.id]);
    await second.put(`/v1/relationships/${newcomer.id}`, { kind: 'block' });
    expect(await among()).toEqual([third.id]);
    await newcomer.put(`/v1/relationships/${third.id}`, { kind: 'mute' });
    expect(await among()).toEqual([]);
    expect(await app.get(MostFollowed).refresh(60_000)).toBe(false);
  });
});
