import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ChangeLog } from '../../src/platform/redis/change-log.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { MirrorComparison } from '../../src/relationships/audit/mirror-comparison.js';
import { BulkFollows } from '../../src/relationships/bulk-follows.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { Relationships } from '../../src/relationships/relationships.js';
import { GraphView } from '../../src/users/graph-view.js';
import { KeptPeople } from '../../src/users/kept-people.js';
import { Profiles } from '../../src/users/profiles.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

describe('copies of people', () => {
  let app: TestApp;

  beforeAll(async () => {
    // Without the audit, which would mend what is not right in the first place.
    app = await TestApp.start({ AUDIT_USERS_PER_SECOND: '0' });
    await app.mirrored();
  });
  afterAll(() => app.stop());

  it('are forgotten when their counts are mended, one by one or by a rebuild', async () => {
    const { client } = app.get(GraphRedis);
    const [log, mirror, comparison] = [app.get(ChangeLog), app.get(Mirror), app.get(MirrorComparison)];
    const [{ id: a }, fan] = await Promise.all([app.user('a'), app.user('fan')]);
    const relationships = app.get(Relationships);
    await relationships.set(fan.id, a, 'friend');
    await relationships.set(a, fan.id, 'noise');
    const followers = async () => {
      const [person] = await app.get(KeptPeople).inOrder([a], log.catchUp());
      return person!.counts.followers;
    };
    const truth = await followers();
    const spoil = async () => {
      await client.hset(mirror.keys.counts((await mirror.currentEpoch())!, a), 'followers', 999);
      await log.note([`counts:${a}`]);
      expect(await followers()).toBe(999);
    };
    await spoil();
    const epoch = (await mirror.currentEpoch())!;
    await comparison.repair(epoch, await comparison.compare(epoch, [a]));
    expect(await followers()).toBe(truth);
    await spoil();
    await app.get(MirrorRebuild).run();
    expect(await followers()).toBe(truth);
  });

  it('tell of whoever follows few whom they follow; the mirror is asked of the others each time', async () => {
    const [few, many, reader] = await Promise.all(['few', 'many', 'reader'].map((name) => app.user(name)));
    const others = await app.get(PrimaryDatabase).query<{ id: string }>({
      name: 'test_crowd',
      text: `INSERT INTO users (id, username, name)
             SELECT 1000 + n, 'other' || n, '' FROM generate_series(1, 1024) AS n RETURNING id`,
    });
    const relationships = app.get(Relationships);
    await relationships.set(few!.id, many!.id, 'noise');
    const client = await connectTo(app.environment.DATABASE_URL!);
    const edges = others.map(({ id }): [string, string] => [many!.id, id]);
    expect(await app.get(BulkFollows).load(client, 'friend', edges)).toBe(1_024);
    await client.end();
    const graph = app.get(GraphView);
    const listed = async () => {
      const outlines = await graph.outlines([few!.id, many!.id, '77']);
      expect([...outlines.keys()]).toEqual([few!.id, many!.id]);
      return [...outlines.values()].map(({ following }) => following?.has(BigInt(reader!.id)));
    };
    const followsMe = async () => {
      const caughtUp = app.get(ChangeLog).catchUp();
      const people = await app.get(KeptPeople).inOrder([few!.id, many!.id], caughtUp);
      const standings = await graph.standingsTo(
        reader!.id,
        people.map((person) => person!),
        caughtUp,
      );
      return standings.map((standing) => standing.followsMe);
    };
    expect([await listed(), await followsMe()]).toEqual([
      [false, false],
      [false, false],
    ]);
    for (const user of [few!, many!]) await relationships.set(user.id, reader!.id, 'noise');
    expect([await listed(), await followsMe()]).toEqual([
      [true, undefined],
      [true, true],
    ]);
    for (const user of [few!, many!]) await relationships.remove(user.id, reader!.id);
    expect([await listed(), await followsMe()]).toEqual([
      [false, false],
      [false, false],
    ]);
  });

  it('do not show whom a block hides', async () => {
    const names = ['viewer', 'blocked', 'blocker', 'seen'];
    const [viewer, ...users] = await Promise.all(names.map((name) => app.user(name)));
    const relationships = app.get(Relationships);
    for (const user of users) await relationships.set(user.id, viewer!.id, 'friend');
    await relationships.set(viewer!.id, users[0]!.id, 'block');
    await relationships.set(users[1]!.id, viewer!.id, 'block');
    const userIds = users.map(({ id }) => id);
    const caughtUp = app.get(ChangeLog).catchUp();
    const people = await app.get(KeptPeople).inOrder(userIds, caughtUp);
    const seen = await app.get(Profiles).seenBy(
      viewer!.id,
      people.map((person) => person!),
      caughtUp,
    );
    expect(seen.map((user) => user?.person.card.username)).toEqual([undefined, undefined, 'seen']);
  });
});
