import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ChangeLog } from '../../src/platform/redis/change-log.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { BulkFollows } from '../../src/relationships/bulk-follows.js';
import { FollowedAmong } from '../../src/relationships/followed-among.js';
import { KeptRelationships } from '../../src/relationships/mirror/kept-relationships.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { Relationships } from '../../src/relationships/relationships.js';
import { GraphView } from '../../src/users/graph-view.js';
import { KeptPeople } from '../../src/users/kept-people.js';
import type { RelationshipKind } from '../../src/users/user-view.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

/** Two processes: what is changed at one of them is read at the other. */
describe("copies of viewers' relationships", () => {
  let app: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    // Without the audit, which would mend what is not right in the first place.
    app = await TestApp.start({ AUDIT_USERS_PER_SECOND: '0' });
    other = await TestApp.start({ ROLES: 'http' }, app.environment);
    await app.mirrored();
  });
  afterAll(async () => {
    await other.stop();
    await app.stop();
  });

  /** Users who are in the mirror, as nobody is before they have done something or somebody asked for them. */
  const users = async (...names: string[]) => {
    const created = await Promise.all(names.map((name) => app.user(name)));
    const ids = created.map(({ id }) => id);
    await app.get(Mirror).reload(ids);
    return ids;
  };
  const codesOf = (viewer: string) => other.get(KeptRelationships).of(viewer, other.get(ChangeLog).catchUp());
  const standings = async (viewer: string, ids: readonly string[]) => {
    const caughtUp = other.get(ChangeLog).catchUp();
    const people = await other.get(KeptPeople).inOrder(ids, caughtUp);
    const found = people.map((person) => person!);
    return other.get(GraphView).standingsTo(viewer, found, caughtUp);
  };

  it('are made for who comes again, and say what the mirror says after each change', async () => {
    const ids = await users('a', 'b', 'c', 'd');
    expect(await codesOf(ids[0]!)).toBeUndefined();
    for (const id of ids) await codesOf(id);
    const kinds: (RelationshipKind | undefined)[] = ['friend', 'mute', 'noise', 'block', undefined, 'friend'];
    const relationships = app.get(Relationships);
    let step = 0;
    for (const kind of [...kinds, ...kinds.toReversed()]) {
      for (const owner of ids) {
        const subject = ids[(ids.indexOf(owner) + 1 + (step++ % 3)) % 4]!;
        if (kind) await relationships.set(owner, subject, kind).catch(() => undefined);
        else await relationships.remove(owner, subject);
        for (const viewer of ids) {
          expect(await codesOf(viewer)).toBeDefined();
          const others = ids.filter((id) => id !== viewer);
          const truth = await app.get(GraphView).standings(viewer, others);
          expect(await standings(viewer, others), `${kind} ${owner} ${subject}, seen by ${viewer}`).toEqual(
            truth,
          );
          for (const way of ['friend', 'noise'] as const) {
            const atHand = other.get(FollowedAmong).findAtHand(viewer, way, others);
            const followed = await app.get(FollowedAmong).find(viewer, way, others);
            expect((await atHand)?.sort()).toEqual(followed.sort());
          }
        }
      }
    }
  });

  it('are forgotten when the mirror is mended, one by one or by a rebuild', async () => {
    const [reader, author] = await users('reader', 'author');
    await app.get(Relationships).set(reader!, author!, 'friend');
    const kind = async () => (await standings(reader!, [author!]))[0]!.kind;
    const { client } = app.get(GraphRedis);
    const mirror = app.get(Mirror);
    const spoil = async () => {
      const epoch = (await mirror.currentEpoch())!;
      await client.srem(mirror.keys.set(epoch, reader!, 'following'), author!);
      await app.get(ChangeLog).note([`relationships:${reader!}`]);
      expect(await kind()).toBe(null);
      return epoch;
    };
    await codesOf(reader!);
    expect(await kind()).toBe('friend');
    await mirror.load(await spoil(), [reader!], true);
    expect(await kind()).toBe('friend');
    await spoil();
    await app.get(MirrorRebuild).run();
    expect(await kind()).toBe('friend');
  });

  it('are forgotten when somebody is loaded anew who blocks the viewer', async () => {
    const [reader, author] = await users('blocked', 'blocking');
    const blocksMe = async () => (await standings(reader!, [author!]))[0]!.blocksMe;
    await codesOf(reader!);
    expect(await blocksMe()).toBe(false);
    await app.get(PrimaryDatabase).query({
      name: 'test_block',
      text: `WITH owner AS (
               INSERT INTO graph_owners (owner_id, version) VALUES (${author!}, 1)
               ON CONFLICT (owner_id) DO UPDATE SET version = graph_owners.version + 1 RETURNING owner_id
             )
             INSERT INTO relationships (owner_id, subject_id, kind) SELECT owner_id, ${reader!}, 3 FROM owner`,
    });
    await app.get(Mirror).reload([author!]);
    expect(await blocksMe()).toBe(true);
  });

  it('are not made for who stands to very many, of whom the mirror is asked', async () => {
    const [busy, author] = await users('busy', 'seldom');
    const crowd = await app.get(PrimaryDatabase).query<{ id: string }>({
      name: 'test_crowd_of_the_busy',
      text: `INSERT INTO users (id, username, name)
             SELECT 1000 + n, 'other' || n, '' FROM generate_series(1, 1024) AS n RETURNING id`,
    });
    const client = await connectTo(app.environment.DATABASE_URL!);
    const follow = (ids: readonly string[]) =>
      app.get(BulkFollows).load(
        client,
        'noise',
        ids.map((id): [string, string] => [busy!, id]),
      );
    await follow(crowd.map(({ id }) => id));
    await codesOf(busy!);
    const last = BigInt(crowd.at(-1)!.id);
    expect((await codesOf(busy!))?.codeOf(last)).toBe(2);
    await follow([author!]);
    await client.end();
    expect(await codesOf(busy!)).toBeUndefined();
    expect(other.get(FollowedAmong).findAtHand(busy!, 'noise', [author!])).toBeUndefined();
    expect(await standings(busy!, [author!])).toEqual([{ kind: 'noise', followsMe: false, blocksMe: false }]);
  });
});
