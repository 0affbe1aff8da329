import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { PulledAuthors } from '../../src/fanout/pulled-authors.js';
import { DeliveryKeeper } from '../../src/fanout/delivery-keeper.js';
import { ReceiptReader } from '../../src/fanout/receipt-reader.js';
import { Sleepers } from '../../src/fanout/sleepers.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

const SETTINGS = { BACKFILL_POSTS: '5', PULL_AUDIENCE: '6' };

describe('a feed is complete in the very next read', () => {
  /** Serves requests and does no job. */
  let app: TestApp;
  let number = 0;

  beforeAll(async () => {
    app = await TestApp.start({ ...SETTINGS, ROLES: 'http' });
    await app.get(MirrorRebuild).run();
  });
  afterAll(() => app.stop());

  const people = (...names: string[]) => Promise.all(names.map((name) => app.user(`${name}${number++}`)));
  const publish = async (author: Client, body: string): Promise<string> =>
    (await author.post('/v1/posts', { body })).body.id;
  const publishMany = async (author: Client, count: number) => {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) ids.unshift(await publish(author, `post ${i}`));
    return ids;
  };
  const feed = async (reader: Client, kind = 'friends') =>
    (await reader.all(`/v1/feeds/${kind}?limit=3`)).map(({ id }) => id);

  /** Lets a worker do all that is to be done, and ends it. */
  const catchUp = async () => {
    const worker = await TestApp.start({ ...SETTINGS, ROLES: 'worker' }, app.environment);
    try {
      await worker.drained(60_000);
    } finally {
      await worker.stop();
    }
  };
  const rowsOf = async (reader: Client, author: Client): Promise<number> => {
    const statement = {
      name: 'test_rows_of',
      text: 'SELECT count(*)::int AS n FROM activities WHERE recipient_id = $1 AND actor_id = $2 AND stream IN (1, 2)',
    };
    const [row] = await app
      .get(ShardRouter)
      .shardOf(reader.id)
      .query<{ n: number }>(statement, [reader.id, author.id]);
    return row!.n;
  };
  const query = (text: string, parameters: unknown[] = []) =>
    app.get(PrimaryDatabase).query({ name: `test_${text.length}`, text }, parameters);

  it('has a post that no worker has delivered, in its place and once', async () => {
    const [reader, author] = await people('reader', 'author');
    await reader!.follow(author!);
    const ids = await publishMany(author!, 7);
    expect(await feed(reader!)).toEqual(ids);
    expect((await reader!.get('/v1/feeds/friends')).body.page.complete).toBe(true);
    expect(await rowsOf(reader!, author!)).toBe(0);
    await catchUp();
    expect(await rowsOf(reader!, author!)).toBe(7);
    ids.unshift(...(await publishMany(author!, 2)));
    expect(await feed(reader!)).toEqual(ids);
  });

  it('has the latest posts of somebody who was just followed, and no more of them', async () => {
    const [reader, author] = await people('reader', 'author');
    const ids = await publishMany(author!, 8);
    await catchUp();
    await reader!.follow(author!);
    expect(await feed(reader!)).toEqual(ids.slice(0, 5));
    await catchUp();
    expect(await feed(reader!)).toEqual(ids.slice(0, 5));
    expect(await rowsOf(reader!, author!)).toBe(5);
  });

  it('moves an author’s posts with the relationship, and loses and doubles none', async () => {
    const [reader, author] = await people('reader', 'author');
    await reader!.follow(author!);
    const ids = await publishMany(author!, 7);
    await catchUp();
    await reader!.follow(author!, 'noise');
    expect([await feed(reader!), await feed(reader!, 'noise')]).toEqual([[], ids]);
    await catchUp();
    expect([await feed(reader!), await feed(reader!, 'noise')]).toEqual([[], ids]);
    expect(await rowsOf(reader!, author!)).toBe(7);
    await reader!.follow(author!);
    expect([await feed(reader!), await feed(reader!, 'noise')]).toEqual([ids, []]);
  });

  it('takes out at once whom the reader left, muted or blocked, and what was deleted, and the rows behind', async () => {
    const [reader, left, muted, blocked, kept] = await people('reader', 'left', 'muted', 'blocked', 'kept');
    for (const author of [left!, muted!, blocked!, kept!]) {
      await reader!.follow(author);
      await publish(author, 'hello');
    }
    const [staying, leaving] = await publishMany(kept!, 2);
    await catchUp();
    await reader!.delete(`/v1/relationships/${left!.id}`);
    await reader!.put(`/v1/relationships/${muted!.id}`, { kind: 'mute' });
    await reader!.put(`/v1/relationships/${blocked!.id}`, { kind: 'block' });
    await kept!.delete(`/v1/posts/${leaving!}`);
    const visible = await feed(reader!);
    expect(visible).toHaveLength(2);
    expect(visible[0]).toBe(staying);
    await catchUp();
    expect(await feed(reader!)).toEqual(visible);
    for (const author of [left!, muted!, blocked!]) expect(await rowsOf(reader!, author)).toBe(0);
    expect(await rowsOf(reader!, kept!)).toBe(2);
  });

  it('takes a deleted account out at once, and every row of it behind', async () => {
    const [reader, author] = await people('reader', 'author');
    await reader!.follow(author!);
    await author!.follow(reader!);
    await publishMany(author!, 3);
    await publish(reader!, 'to the author');
    await catchUp();
    await author!.delete('/v1/me');
    expect(await feed(reader!)).toEqual([]);
    await catchUp();
    expect([await rowsOf(reader!, author!), await rowsOf(author!, reader!)]).toEqual([0, 0]);
  });

  it('merges the posts of an author whom very many follow, and writes none of them', async () => {
    const [author, ...fans] = await people('star', 'f', 'f', 'f', 'f', 'f', 'f');
    for (const fan of fans) await fan.follow(author!);
    await catchUp();
    const ids = await publishMany(author!, 3);
    expect(await feed(fans[0]!)).toEqual(ids);
    await catchUp();
    expect(await app.get(PulledAuthors).list()).toContain(author!.id);
    expect(await rowsOf(fans[0]!, author!)).toBe(0);
    expect(await app.get(ReceiptReader).find(ids[0]!)).toMatchObject({
      state: 'done',
      pulled: true,
      written: 0,
    });
    for (const fan of fans) expect(await feed(fan)).toEqual(ids);
    const [late] = await people('late');
    await late!.follow(author!, 'noise');
    expect(await feed(late!, 'noise')).toEqual(ids);

    // Below half of it they are written again, those that were merged as well; none is lost or doubled meanwhile.
    for (const fan of fans.slice(1)) await fan.delete(`/v1/relationships/${author!.id}`);
    const worker = await TestApp.start({ ...SETTINGS, ROLES: 'worker' }, app.environment);
    await worker.get(DeliveryKeeper).look();
    ids.unshift(await publish(author!, 'to few'));
    expect(await feed(fans[0]!)).toEqual(ids);
    await worker.drained();
    await worker.get(DeliveryKeeper).look();
    await worker.stop();
    expect(await query('SELECT 1 AS found FROM pulled_authors WHERE author_id = $1', [author!.id])).toEqual(
      [],
    );
    expect(await rowsOf(fans[0]!, author!)).toBe(4);
    await expect.poll(() => app.get(PulledAuthors).list()).not.toContain(author!.id);
    expect(await feed(fans[0]!)).toEqual(ids);
  });

  it('has what an author whose posts are merged adds to a timeline that was read just now', async () => {
    const [author, ...fans] = await people('star', 'f', 'f', 'f', 'f', 'f', 'f');
    for (const fan of fans) await fan.follow(author!);
    await catchUp();
    const ids = await publishMany(author!, 2);
    await catchUp();
    expect(await feed(fans[0]!)).toEqual(ids);
    for (let more = 0; more < 2; more++) {
      ids.unshift(await publish(author!, 'one more'));
      // It is not on its way any more when it is read for the first time.
      await catchUp();
      expect(await query('SELECT 1 AS found FROM outbox')).toEqual([]);
      for (const fan of fans) expect(await feed(fan)).toEqual(ids);
    }
    expect(await rowsOf(fans[0]!, author!)).toBe(0);
    await author!.delete(`/v1/posts/${ids.shift()}`);
    expect(await feed(fans[1]!)).toEqual(ids);
    // Deeper than what is kept of a timeline.
    const older = [...ids];
    ids.unshift(...(await publishMany(author!, 70)));
    await catchUp();
    expect(await feed(fans[2]!)).toEqual(ids);
    expect(ids.slice(-older.length)).toEqual(older);
  });

  it('has nothing from before a follow when merged posts are written again', async () => {
    const [author, late, ...fans] = await people('star', 'late', 'f', 'f', 'f', 'f', 'f', 'f');
    for (const fan of fans) await fan.follow(author!);
    await catchUp();
    const ids = await publishMany(author!, 8);
    await catchUp();
    await late!.follow(author!);
    expect(await feed(late!)).toEqual(ids.slice(0, 5));
    await catchUp();
    for (const fan of fans.slice(1)) await fan.delete(`/v1/relationships/${author!.id}`);
    const worker = await TestApp.start({ ...SETTINGS, ROLES: 'worker' }, app.environment);
    await worker.get(DeliveryKeeper).look();
    await worker.drained();
    await worker.get(DeliveryKeeper).look();
    await worker.stop();
    await expect.poll(() => app.get(PulledAuthors).list()).not.toContain(author!.id);
    expect([await rowsOf(late!, author!), await rowsOf(fans[0]!, author!)]).toEqual([5, 8]);
    expect(await feed(late!)).toEqual(ids.slice(0, 5));
    expect(await feed(fans[0]!)).toEqual(ids);
    const receipt = await app.get(ReceiptReader).find(ids.at(-1)!);
    expect(receipt).toMatchObject({ written: 1, skipped: { left: 1 } });
  });

  it('is complete for whoever has not read for long, and is filled in behind that', async () => {
    const [reader, author, other] = await people('reader', 'author', 'other');
    await reader!.follow(author!);
    await reader!.follow(other!, 'noise');
    const before = await publishMany(author!, 2);
    await catchUp();
    await query(
      `INSERT INTO feed_reads (user_id, read_at) VALUES ($1, now() - interval '1 year')
       ON CONFLICT (user_id) DO UPDATE SET read_at = excluded.read_at`,
      [reader!.id],
    );
    await app.get(Sleepers).walk();
    expect(await query('SELECT user_id AS id FROM sleepers')).toEqual([{ id: reader!.id }]);
    const ids = await publishMany(author!, 3);
    const noise = await publishMany(other!, 2);
    await catchUp();
    expect(await app.get(ReceiptReader).find(ids[0]!)).toMatchObject({
      written: 0,
      skipped: { dormant: 1 },
    });
    expect(await rowsOf(reader!, author!)).toBe(2);
    expect(await feed(reader!)).toEqual([...ids, ...before]);
    expect(await feed(reader!, 'noise')).toEqual(noise);
    ids.unshift(await publish(author!, 'welcome back'));
    await expect.poll(() => query('SELECT 1 AS found FROM sleepers WHERE waking')).toEqual([{ found: 1 }]);
    await catchUp();
    expect(await query('SELECT 1 AS found FROM sleepers')).toEqual([]);
    expect([await rowsOf(reader!, author!), await rowsOf(reader!, other!)]).toEqual([6, 2]);
    expect(await feed(reader!)).toEqual([...ids, ...before]);
  });
});
