import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { MirrorComparison } from '../../src/relationships/audit/mirror-comparison.js';
import { GraphStore } from '../../src/relationships/graph-store.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { EpochFill } from '../../src/relationships/rebuild/epoch-fill.js';
import { Relationships } from '../../src/relationships/relationships.js';
import { GraphView } from '../../src/users/graph-view.js';
import { UserStore } from '../../src/users/user-store.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('the mirror', () => {
  let app: TestApp;
  let people: Client[];
  let ids: string[];

  beforeAll(async () => {
    // Without the audit, which would mend what is not right in the first place.
    app = await TestApp.start({ AUDIT_USERS_PER_SECOND: '0' });
    await app.mirrored();
    people = await Promise.all(Array.from({ length: 12 }, (_, i) => app.user(`person${i}`)));
    ids = people.map((person) => person.id);
  });
  afterAll(() => app.stop());

  const everyone = async () => {
    const all: string[] = [];
    for await (const batch of app.get(UserStore).spread('all', 100)) all.push(...batch);
    return all;
  };
  const drift = async () =>
    app.get(MirrorComparison).compare((await app.get(Mirror).currentEpoch())!, await everyone());

  it('answers as Postgres does after every kind of change', async () => {
    const relationships = app.get(Relationships);
    const [a, b, c, d] = ids as [string, string, string, string];
    await relationships.set(a, b, 'friend');
    await relationships.set(b, a, 'noise');
    await relationships.set(a, c, 'noise');
    await relationships.set(a, c, 'friend');
    await relationships.set(d, a, 'friend');
    await relationships.set(a, d, 'block');
    await relationships.set(b, d, 'mute');
    await relationships.remove(b, d);
    await relationships.set(b, d, 'mute');
    for (const viewer of ids.slice(0, 5)) {
      expect(await app.get(GraphView).facts(viewer, ids)).toEqual(
        await app.get(GraphStore).facts(viewer, ids),
      );
    }
    expect(await drift()).toEqual([]);
  });

  it('takes a change twice, late or out of order without harm', async () => {
    const mirror = app.get(Mirror);
    const store = app.get(GraphStore);
    const [, , , , e, f] = ids as [string, string, string, string, string, string];
    await app.get(Relationships).set(e, f, 'friend');
    const first = { ownerId: e, version: 1, subjectId: f, from: null, to: 'friend' as const };
    await mirror.apply(first);
    await mirror.apply({ ...first, version: 9, to: 'noise' });
    await mirror.apply(first);
    expect(await drift()).toEqual([]);
    expect(await app.get(GraphView).facts(e, [f])).toEqual(await store.facts(e, [f]));
  });

  it('is rebuilt whole after a wipe, and meanwhile nothing is wrong', async () => {
    const { client } = app.get(GraphRedis);
    const { keys } = app.get(Mirror);
    const before = await app.get(GraphStore).facts(ids[0]!, ids);
    const epoch = await app.get(Mirror).currentEpoch();
    await client.del(keys.epoch, ...(await client.keys(keys.allOf(epoch!))));
    expect(await app.get(GraphView).facts(ids[0]!, ids)).toEqual(before);
    await expect.poll(() => app.get(MirrorRebuild).isReady()).toBe(true);
    expect(await app.get(GraphView).facts(ids[0]!, ids)).toEqual(before);
    expect(await drift()).toEqual([]);
  });

  it('can be rebuilt beside the one in use', async () => {
    const before = await app.get(Mirror).currentEpoch();
    const certificate = await app.get(MirrorRebuild).run({ compare: 'all' });
    expect(certificate).toMatchObject({
      users: ids.length,
      edges: 5 + 1,
      compared: ids.length,
      mismatches: 0,
      slowest: { command: expect.any(String), atMostMs: expect.any(Number) },
    });
    expect(await app.get(Mirror).currentEpoch()).not.toBe(before);
    expect(await drift()).toEqual([]);
    const { client } = app.get(GraphRedis);
    expect(await client.keys(app.get(Mirror).keys.allOf(before!))).toEqual([]);
  });

  it('removes what a rebuild left behind that was killed after the swap', async () => {
    const { client } = app.get(GraphRedis);
    const { keys } = app.get(Mirror);
    await client.hset(keys.counts('old', ids[0]!), 'version', 1);
    await client.sadd(keys.leaving, 'old');
    await expect.poll(() => client.keys(keys.allOf('old')), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => client.exists(keys.leaving)).toBe(0);
    expect(await drift()).toEqual([]);
  });

  it('is finished although every connection to Redis breaks meanwhile', async () => {
    const other = app.get(GraphRedis).client.duplicate({ enableOfflineQueue: true });
    let broken: Promise<unknown> | undefined;
    const certificate = await app.get(MirrorRebuild).run({
      compare: 'all',
      report: () => {
        broken ??= other.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      },
    });
    expect(Number(await broken)).toBeGreaterThan(1);
    other.disconnect();
    expect(certificate).toMatchObject({ compared: ids.length, mismatches: 0, resumed: true });
    expect(await drift()).toEqual([]);
  });

  it('is finished although people sign up meanwhile', async () => {
    let late: Promise<Client> | undefined;
    const certificate = await app.get(MirrorRebuild).run({
      compare: 'all',
      report: () => {
        late ??= app.user('latecomer');
      },
    });
    expect(certificate?.mismatches).toBe(0);
    expect((await (await late)!.get('/v1/me')).status).toBe(200);
    const newest = await app.user('newest');
    expect(await app.get(MirrorRebuild).run({ compare: 'all' })).toMatchObject({ mismatches: 0 });
    expect((await newest.get('/v1/me')).status).toBe(200);
    expect(await drift()).toEqual([]);
  });

  it('is built on an empty system whose first user comes between the snapshot and the comparison', async () => {
    const empty = await TestApp.start({ ROLES: 'http' });
    const store = empty.get(UserStore);
    const spread = store.spread.bind(store);
    vi.spyOn(store, 'spread').mockImplementationOnce(async function* (...args) {
      await empty.user('first');
      yield* spread(...args);
    });
    expect(await empty.get(MirrorRebuild).run({ compare: 'all' })).toMatchObject({
      compared: 1,
      mismatches: 0,
    });
    await empty.stop();
  });

  it('loses nobody whose changes have gaps when it is cut off before it loads them', async () => {
    const alone = await TestApp.start({ ROLES: 'http' });
    const [a, b] = (await Promise.all([alone.user('a'), alone.user('b')])).map(({ id }) => id) as [
      string,
      string,
    ];
    const [mirror, filler] = [alone.get(Mirror), alone.get(EpochFill)];
    const fill = filler.run.bind(filler);
    vi.spyOn(filler, 'run').mockImplementationOnce(async (...args) => {
      const filled = await fill(...args);
      vi.spyOn(mirror, 'apply').mockImplementationOnce(({ ownerId }) => mirror.reload([ownerId]));
      await alone.get(Relationships).set(a, b, 'friend');
      vi.spyOn(mirror, 'load').mockRejectedValueOnce(new Error('cut off'));
      return filled;
    });
    await expect(alone.get(MirrorRebuild).run()).rejects.toThrow('cut off');
    expect(await alone.get(MirrorRebuild).run({ compare: 'all' })).toMatchObject({
      compared: 2,
      resumed: true,
    });
    expect(await alone.get(GraphView).standings(a, [b])).toMatchObject([{ kind: 'friend' }]);
    await alone.stop();
  });

  it('loads a user whose keys are gone', async () => {
    const { client } = app.get(GraphRedis);
    const { keys } = app.get(Mirror);
    const epoch = (await app.get(Mirror).currentEpoch())!;
    const [a, b] = ids as [string, string];
    const truth = await app.get(GraphStore).facts(b, [a]);
    await client.del(keys.counts(epoch, a), keys.set(epoch, a, 'following'));
    expect(await app.get(GraphView).facts(b, [a])).toEqual(truth);
    await expect
      .poll(() => client.hget(keys.counts(epoch, a), 'version'), { timeout: 10_000 })
      .not.toBeNull();
    // Whole again, followers included, and nobody counts this user twice.
    expect(await drift()).toEqual([]);
  });
});
