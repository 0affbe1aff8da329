import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gate } from '../../src/fanout/gate.js';
import { Sleepers } from '../../src/fanout/sleepers.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { Client } from '../support/client.js';
import { TwoServers } from '../support/two-servers.js';

const ROUNDS = 10;
/** So many posts on their way are looked through, the newest of all. */
const MOST_PENDING = 5_000;

describe('pages of a feed', () => {
  let servers: TwoServers;

  beforeAll(async () => {
    servers = await TwoServers.start({ BACKFILL_POSTS: '30', PULL_AUDIENCE: '5' });
  });
  afterAll(() => servers.stop());

  const query = (text: string, parameters: unknown[] = []) =>
    servers.app.get(PrimaryDatabase).query({ name: `test_${text.length}`, text }, parameters);
  const idsOf = (body: { data: { id: Id }[] }) => body.data.map(({ id }) => id);
  const gate = () => servers.app.get(Gate);

  const fallAsleep = async (reader: Client) => {
    const long = `now() - interval '1 year'`;
    await query(
      `INSERT INTO feed_reads VALUES ($1, ${long}) ON CONFLICT (user_id) DO UPDATE SET read_at = ${long}`,
      [reader.id],
    );
    for (let i = 0; i < 2; i++) await servers.app.get(Sleepers).walk();
    expect(await query('SELECT FROM sleepers WHERE user_id = $1', [reader.id])).toHaveLength(1);
  };

  it('have each post that stays, once and in order, whatever happens from one to the next', async () => {
    const [reader, a, b, mover, leaver, blocker, newcomer, ...fans] = (await servers.people(
      ...['reader', 'a', 'b', 'mover', 'leaver', 'blocker', 'newcomer', 'f', 'f', 'f', 'f', 'f'],
    )) as [Client, Client, Client, Client, Client, Client, Client, ...Client[]];
    const authors = [a, b, mover, leaver, blocker];
    for (const author of authors) await reader.follow(author);
    const posts = new Map<Id, Client>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const author of [...authors, newcomer]) posts.set(await servers.publish(author), author);
      if (round === ROUNDS / 2) await servers.catchUp();
    }
    const by = (...some: Client[]) => [...posts.keys()].filter((id) => some.includes(posts.get(id)!));

    /** Whose posts are not to come any more. */
    const gone = new Set<Client>();
    const events: (() => Promise<unknown>)[] = [
      () => gate().close({ reason: 'a test', by: 'a test' }),
      () => servers.publish(a, 'newer than all'),
      async () => (gone.add(mover), reader.follow(mover, 'noise')),
      () => servers.wipe('graph:'),
      async () => (gone.add(blocker), blocker.put(`/v1/relationships/${reader.id}`, { kind: 'block' })),
      () => Promise.all(fans.map((fan) => fan.follow(b))),
      () => servers.publish(b, 'by one who is too many people’s from now on'),
      // What was on its way is delivered to others, and not to one who sleeps.
      async () => (await fallAsleep(reader), await gate().open('a test'), servers.catchUp()),
      async () => (gone.add(leaver), leaver.delete('/v1/me')),
      () => servers.app.get(MirrorRebuild).run(),
      () => servers.wipe('card:'),
      () => reader.follow(newcomer),
      () => servers.catchUp(),
    ];

    const got: Id[] = [];
    for (let cursor: string | null = '', page = 0; cursor !== null; page++) {
      const { url } = page % 2 === 0 ? servers.app : servers.other;
      const path = `/v1/feeds/friends?limit=2${cursor && `&cursor=${cursor}`}`;
      const body = (await new Client(url, reader.token).get(path)).body as {
        data: { id: Id }[];
        page: { next: string | null; complete: boolean };
      };
      expect(body.page.complete).toBe(true);
      for (const id of idsOf(body)) expect(gone).not.toContain(posts.get(id));
      got.push(...idsOf(body));
      cursor = body.page.next;
      await events.shift()?.();
    }
    expect(events).toHaveLength(0);
    expect(got).toEqual([...new Set(got)].sort((x, y) => (BigInt(x) < BigInt(y) ? 1 : -1)));
    expect(got).toEqual(expect.arrayContaining(by(a, b)));
    // Who reads from the beginning now gets what a plain look says.
    const whole = (await reader.all('/v1/feeds/friends')).map(({ id }) => id as Id);
    expect(whole.filter((id) => posts.has(id)).sort()).toEqual(by(a, b, newcomer).sort());
  }, 120_000);

  it('say that they are not complete while more is on its way than is looked through', async () => {
    const [reader, author, stranger] = (await servers.people('reader', 'author', 'stranger')) as [
      Client,
      Client,
      Client,
    ];
    await reader.follow(author);
    await servers.catchUp();
    const pages = async () => {
      const [friends, noise] = [await reader.get('/v1/feeds/friends'), await reader.get('/v1/feeds/noise')];
      return { ids: idsOf(friends.body), complete: [friends.body.page.complete, noise.body.page.complete] };
    };
    const oldest = await servers.publish(author);
    await query(
      `INSERT INTO outbox (topic, payload, dispatch_at)
       SELECT 'post.published', jsonb_build_object('postId', n::text, 'authorId', $1::text), 'infinity'
       FROM generate_series(1, $2::integer - 1) AS n`,
      [stranger.id, MOST_PENDING],
    );
    expect(await pages()).toEqual({ ids: [oldest], complete: [true, true] });
    const newest = await servers.publish(author);
    expect(await pages()).toEqual({ ids: [newest], complete: [false, false] });
    await query(`DELETE FROM outbox WHERE dispatch_at = 'infinity'`);
    expect(await pages()).toEqual({ ids: [newest, oldest], complete: [true, true] });
  });
});
