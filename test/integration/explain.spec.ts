import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeliveryKeeper } from '../../src/fanout/delivery-keeper.js';
import { Gate } from '../../src/fanout/gate.js';
import { PulledAuthors } from '../../src/fanout/pulled-authors.js';
import { ReceiptReader } from '../../src/fanout/receipt-reader.js';
import { Sleepers } from '../../src/fanout/sleepers.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

const SETTINGS = { BACKFILL_POSTS: '2', PULL_AUDIENCE: '3' };

describe('what operators are told of deliveries', () => {
  /** Serves requests and does no job. */
  let app: TestApp;
  let admin: Client;
  let number = 0;

  beforeAll(async () => {
    app = await TestApp.start({ ...SETTINGS, ROLES: 'http' });
    await app.get(MirrorRebuild).run();
    admin = await app.admin('root');
  });
  afterAll(() => app.stop());

  const query = (text: string, parameters: unknown[] = []) =>
    app.get(PrimaryDatabase).query({ name: `test_${text.length}`, text }, parameters);
  const people = (...names: string[]) => Promise.all(names.map((name) => app.user(`${name}${number++}`)));
  const publish = async (author: Client, post: object = { body: 'hello' }): Promise<string> => {
    const { status, body } = await author.post('/v1/posts', post);
    expect(status).toBe(201);
    return body.id;
  };
  /** What is told, and that it is what the reader sees. */
  const explain = async (viewer: Client, post: string) => {
    const { status, body } = await admin.get(`/v1/admin/explain?viewer=${viewer.username}&post=${post}`);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.sentence).toMatch(/^Post \d+ is in .+: .+\.$/);
    for (const feed of ['friends', 'noise']) {
      const seen = (await viewer.all(`/v1/feeds/${feed}`)).map(({ id }) => id);
      expect(seen.includes(post), `${feed}: ${body.sentence}`).toBe(body.inFeed === feed);
    }
    const { inFeed, through, shard, reason } = body;
    return inFeed ? { inFeed, through, shard } : reason;
  };
  const catchUp = async (work?: (worker: TestApp) => Promise<unknown>) => {
    const worker = await TestApp.start({ ...SETTINGS, ROLES: 'worker' }, app.environment);
    try {
      await work?.(worker);
      await worker.drained(60_000);
    } finally {
      await worker.stop();
    }
  };

  it('tell why a post is in a feed, and through what', async () => {
    const [reader, author] = await people('reader', 'author');
    await reader!.follow(author!);
    const post = await publish(author!);
    const merged = (through: string, inFeed = 'friends') => ({ inFeed, through, shard: null });
    expect(await explain(reader!, post)).toEqual(merged('fan-out-pending'));
    await app.get(Gate).close({ reason: 'test', by: 'test' });
    expect(await explain(reader!, post)).toEqual(merged('gate-closed'));
    await app.get(Gate).open('test');
    await catchUp();
    const router = app.get(ShardRouter);
    const shard = router.numberOf(router.shardOf(reader!.id));
    expect(await explain(reader!, post)).toEqual({ inFeed: 'friends', through: 'row', shard });
    await reader!.follow(author!, 'noise');
    expect(await explain(reader!, post)).toEqual(merged('placement-pending', 'noise'));
    await catchUp();

    await query(
      `INSERT INTO feed_reads VALUES ($1, now() - interval '1 year')
       ON CONFLICT (user_id) DO UPDATE SET read_at = excluded.read_at`,
      [reader!.id],
    );
    await app.get(Sleepers).walk();
    const missed = await publish(author!);
    await catchUp();
    const { body } = await admin.get(`/v1/admin/explain?viewer=${reader!.id}&post=${missed}`);
    expect(body).toMatchObject({ inFeed: 'noise', through: 'reader-asleep' });
    await explain(reader!, missed);
    await catchUp();

    expect(
      (await admin.put(`/v1/admin/fanouts/authors/@${author!.username}`, { delivery: 'pull' })).status,
    ).toBe(200);
    const pulled = await publish(author!);
    await catchUp();
    expect(await explain(reader!, pulled)).toEqual(merged('author-pulled', 'noise'));
  });

  it('tell why a post is in no feed', async () => {
    const [reader, author, other] = await people('reader', 'author', 'other');
    const [old, original] = [await publish(author!), await publish(other!)];
    await publish(author!);
    const repost = (await author!.post(`/v1/posts/${original}/repost`, {})).body.id;
    expect(await explain(reader!, repost)).toBe('not-followed');
    await reader!.follow(author!);
    expect(await explain(reader!, old)).toBe('followed-later');
    expect(await explain(reader!, repost)).toMatchObject({ inFeed: 'friends' });
    expect(await explain(reader!, await publish(author!, { body: 'well', commentOn: old }))).toBe('comment');
    expect(await explain(reader!, await publish(reader!))).toBe('own-post');
    const standing = (user: Client, kind: string) => reader!.put(`/v1/relationships/${user.id}`, { kind });
    await standing(other!, 'noise');
    expect(await explain(reader!, repost)).toBe('original-followed');
    await standing(other!, 'mute');
    expect(await explain(reader!, repost)).toBe('original-muted');
    await standing(other!, 'block');
    expect(await explain(reader!, repost)).toBe('original-blocked');
    await other!.delete(`/v1/posts/${original}`);
    expect(await explain(reader!, original)).toBe('no-such-post');
    expect(await explain(reader!, repost)).toBe('original-gone');
    const post = await publish(author!);
    await standing(author!, 'mute');
    expect(await explain(reader!, post)).toBe('muted');
    await standing(author!, 'block');
    expect(await explain(reader!, post)).toBe('blocked');
    await author!.delete('/v1/me');
    expect(await explain(reader!, post)).toBe('author-gone');
    expect((await admin.get(`/v1/admin/explain?viewer=nobody&post=${post}`)).status).toBe(404);
  });

  it('tell what a post would cost, and decide how an author’s are delivered', async () => {
    const [author, ...fans] = await people('author', 'fan', 'fan', 'fan');
    const preview = async () => (await admin.get(`/v1/admin/fanouts/preview?author=${author!.id}`)).body;
    const decide = async (delivery: string) =>
      (await admin.put(`/v1/admin/fanouts/authors/${author!.username}`, { delivery })).body;
    const receipt = async (post: string) => {
      await catchUp();
      return app.get(ReceiptReader).find(post);
    };
    for (const fan of fans.slice(1)) await fan.follow(author!);
    await catchUp();
    expect(await preview()).toMatchObject({
      delivery: 'push',
      reason: 'small-audience',
      rows: 2,
      bytes: null,
    });
    await fans[0]!.follow(author!);
    expect(await preview()).toMatchObject({
      delivery: 'pull',
      reason: 'audience',
      rows: 0,
      bytes: 0,
      seconds: 0,
    });

    expect(await decide('push')).toMatchObject({ delivery: 'push', reason: 'operator', rows: 3 });
    expect(await receipt(await publish(author!))).toMatchObject({ pulled: false, written: 3 });
    expect((await preview()).seconds).toBeGreaterThan(0);

    await decide('pull');
    for (const fan of fans) await fan.delete(`/v1/relationships/${author!.id}`);
    await fans[0]!.follow(author!);
    await catchUp((worker) => worker.get(DeliveryKeeper).look());
    const merged = await publish(author!);
    expect(await receipt(merged)).toMatchObject({ pulled: true, written: 0 });
    expect(await explain(fans[0]!, merged)).toMatchObject({ through: 'author-pulled' });

    // Written again, and kept so.
    expect(await decide('push')).toMatchObject({ delivery: 'push', reason: 'operator' });
    await catchUp((worker) => worker.get(DeliveryKeeper).look());
    await catchUp((worker) => worker.get(DeliveryKeeper).look());
    expect(await app.get(PulledAuthors).find(author!.id)).toMatchObject({ state: 'never', byOperator: true });
    expect(await explain(fans[0]!, merged)).toMatchObject({ through: 'row' });
    await decide('auto');
    expect(await app.get(PulledAuthors).find(author!.id)).toBeUndefined();
  });
});
