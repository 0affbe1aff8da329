import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { friendsOfFriends, type RecommendationView } from '../../src/relationships/recommendations.js';
import type { Page } from '../../src/platform/http/page.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('recommendations, past what is looked at', () => {
  let app: TestApp;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    await app.mirrored();
  });
  afterAll(() => app.stop());

  const recommended = async (viewer: Client, limit: number): Promise<Page<RecommendationView>> => {
    const { status, body } = await viewer.get(`/v1/recommendations/users?limit=${limit}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };

  /** Follows straight into Postgres, and from there into the mirror. @param follows pairs of owner and subject */
  const load = async (follows: (readonly [string, string])[]) => {
    const owners = [...new Set(follows.map(([owner]) => owner))];
    const primary = app.get(PrimaryDatabase);
    const pairs = [follows.map(([owner]) => owner), follows.map(([, subject]) => subject)];
    await primary.query(
      {
        name: 'test_follows',
        text: `INSERT INTO relationships (owner_id, subject_id, kind)
          SELECT owner, subject, 1 FROM unnest($1::bigint[], $2::bigint[]) AS given (owner, subject)`,
      },
      pairs,
    );
    await primary.query(
      {
        name: 'test_owners',
        text: `INSERT INTO graph_owners (owner_id, version, friends)
          SELECT owner, 1, count(*) FROM unnest($1::bigint[]) AS given (owner) GROUP BY owner`,
      },
      pairs.slice(0, 1),
    );
    for (let start = 0; start < owners.length; start += 200)
      await app.get(Mirror).reload(owners.slice(start, start + 200));
  };
  const crowd = async (size: number): Promise<string[]> => {
    const rows = await app.get(PrimaryDatabase).query<{ id: string }>(
      {
        name: 'test_crowd',
        text: `INSERT INTO users (username) SELECT 'crowd' || $1::int + n FROM generate_series(1, $2::int) AS n RETURNING id`,
      },
      [(counter += size) - size, size],
    );
    return rows.map(({ id }) => id);
  };

  it('count exactly for who follows too many to look at all of them', async () => {
    const viewer = await app.user('busy');
    const friends = await crowd(900);
    const people = await crowd(40);
    const follows = friends.flatMap((friend, f) =>
      people.filter((_, p) => (f * 7 + p * p) % (p + 4) < 4).map((person) => [friend, person] as const),
    );
    await load([...friends.map((friend) => [viewer.id, friend] as const), ...follows]);
    expect(follows.length).toBeGreaterThan(8_000);
    const exact = await app.get(PrimaryDatabase).query(friendsOfFriends, [viewer.id, 40, 3]);
    const { data, page } = await recommended(viewer, 50);
    expect(page).toEqual({ next: null, complete: false });
    const flat = data.map(({ user, followedBy: { count, users } }) => ({
      id: user.id,
      count,
      followers: users.map(({ id }) => id),
    }));
    expect(flat).toEqual(exact);
    await viewer.delete(`/v1/relationships/${exact[0]!.followers[0]}`);
    const after = (await recommended(viewer, 50)).data.find(({ user }) => user.id === exact[0]!.id);
    expect(after!.followedBy.count).toBe(exact[0]!.count - 1);
  });

  it('come even from one who follows more than can be looked at', async () => {
    const viewer = await app.user('fan');
    const [hub] = (await crowd(1)) as [string];
    const people = await crowd(5_000);
    await load([[viewer.id, hub], ...people.map((person) => [hub, person] as const)]);
    const { data } = await recommended(viewer, 20);
    expect(data).toHaveLength(20);
    for (const { user, followedBy } of data) {
      expect(people).toContain(user.id);
      expect(followedBy).toMatchObject({ count: 1, users: [{ id: hub }] });
    }
  });
});
