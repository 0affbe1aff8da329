import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('comments, reposts and loves', () => {
  let app: TestApp;
  let ann: Client;
  let ben: Client;
  let cat: Client;

  beforeAll(async () => {
    app = await TestApp.start();
    [ann, ben, cat] = await Promise.all([app.user('ann'), app.user('ben'), app.user('cat')]);
    await cat.follow(ben);
    await app.drained();
  });
  afterAll(() => app.stop());

  const publish = async (author: Client, body: string): Promise<string> =>
    (await author.post('/v1/posts', { body })).body.id;
  const counts = async (id: string) => (await ann.get(`/v1/posts/${id}`)).body.counts;
  const ids = ({ body }: Answer): string[] => body.data.map((entry: { id: string }) => entry.id);
  const feedOf = async (reader: Client) => {
    await app.drained();
    return ids(await reader.get('/v1/feeds/friends'));
  };

  it('counts each love once, however often and however concurrently it is given and taken', async () => {
    const post = await publish(ann, 'love me');
    const fans = await Promise.all(Array.from({ length: 8 }, (_, i) => app.user(`lover${i}`)));
    const answers = await Promise.all(
      fans.flatMap((fan) => [1, 2, 3].map(() => fan.put(`/v1/posts/${post}/love`))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
    expect((await counts(post)).loves).toBe(8);
    expect((await fans[0]!.get(`/v1/posts/${post}`)).body.viewer).toEqual({ loved: true, reposted: false });
    const lovers = await ann.all(`/v1/posts/${post}/lovers?limit=3`);
    expect(lovers.map(({ id }) => id).sort()).toEqual(fans.map(({ id }) => id).sort());
    await Promise.all(
      fans.slice(0, 5).flatMap((fan) => [1, 2].map(() => fan.delete(`/v1/posts/${post}/love`))),
    );
    expect((await counts(post)).loves).toBe(3);
    expect((await fans[0]!.get(`/v1/posts/${post}`)).body.viewer.loved).toBe(false);
  });

  it('keeps comments below their post, out of feeds, and counts them', async () => {
    const post = await publish(ann, 'discuss');
    const before = (await ben.get('/v1/me')).body.counts.posts;
    const made = await Promise.all(
      ['a', 'b', 'c'].map((body) => ben.post('/v1/posts', { body, commentOn: post })),
    );
    expect(made.map(({ status, body }) => [status, body.commentOn])).toEqual(made.map(() => [201, post]));
    const comments = await ann.all(`/v1/posts/${post}/comments?limit=2`);
    expect(comments.map(({ id }) => id)).toEqual(
      made.map(({ body }) => body.id).sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1)),
    );
    expect((await counts(post)).comments).toBe(3);
    expect((await ben.get('/v1/me')).body.counts.posts).toBe(before);
    expect(ids(await ann.get(`/v1/users/${ben.id}/posts`))).not.toContain(made[0]!.body.id);
    expect(await feedOf(cat)).not.toContain(made[0]!.body.id);
    expect((await ben.delete(`/v1/posts/${made[0]!.body.id}`)).status).toBe(204);
    expect((await counts(post)).comments).toBe(2);
    expect((await ben.post('/v1/posts', { body: 'x', commentOn: '1' })).status).toBe(404);
    expect((await ben.post('/v1/posts', { body: 'x', commentOn: 'y' })).status).toBe(400);
  });

  it('passes a post on once, to those who do not follow its author', async () => {
    const post = await publish(ann, 'pass me on');
    const answers = await Promise.all([1, 2, 3, 4].map(() => ben.post(`/v1/posts/${post}/repost`, {})));
    const made = new Set(answers.map(({ body }) => body.id));
    expect([answers[0]!.status, made.size]).toEqual([201, 1]);
    const [repost] = made;
    expect(answers[0]!.body).toMatchObject({ body: '', repostOf: { id: post, body: 'pass me on' } });
    expect((await counts(post)).reposts).toBe(1);
    expect(ids(await ann.get(`/v1/posts/${post}/reposters`))).toEqual([ben.id]);
    expect((await ben.get(`/v1/posts/${post}`)).body.viewer.reposted).toBe(true);

    expect(await feedOf(cat)).toContain(repost);
    await cat.follow(ann, 'noise');
    expect(await feedOf(cat)).not.toContain(repost);
    const quote = (await ben.post(`/v1/posts/${post}/repost`, { body: 'look' })).body;
    expect(await feedOf(cat)).toContain(quote.id);
    await cat.put(`/v1/relationships/${ann.id}`, { kind: 'mute' });
    const feed = (await cat.get('/v1/feeds/friends')).body.data;
    expect(feed.some((entry: { id: string }) => entry.id === repost)).toBe(false);
    expect(feed.find((entry: { id: string }) => entry.id === quote.id).post.repostOf).toBeNull();
    await cat.delete(`/v1/relationships/${ann.id}`);

    // A repost of a mere repost is one of the post itself.
    const again = (await cat.post(`/v1/posts/${repost}/repost`, {})).body;
    expect(again.repostOf.id).toBe(post);
    expect((await counts(post)).reposts).toBe(3);
    await cat.delete(`/v1/posts/${post}/repost`);
    await cat.delete(`/v1/posts/${post}/repost`);
    expect((await counts(post)).reposts).toBe(2);

    await ann.delete(`/v1/posts/${post}`);
    expect((await cat.get(`/v1/posts/${repost}`)).status).toBe(404);
    expect((await cat.get(`/v1/posts/${quote.id}`)).body.repostOf).toBeNull();
    await app.drained();
    expect((await ben.get('/v1/me')).body.counts.posts).toBe(
      (await ben.all(`/v1/users/${ben.id}/posts`)).length,
    );
  });

  it('shows an edit at once, and tells those who are mentioned only now', async () => {
    const post = await publish(ben, 'hello @ann');
    expect((await ann.patch(`/v1/posts/${post}`, { body: 'mine' })).status).toBe(403);
    const edited = await ben.patch(`/v1/posts/${post}`, { body: 'hello @ann and @cat' });
    expect([edited.status, edited.body.body]).toEqual([200, 'hello @ann and @cat']);
    expect(edited.body.editedAt).not.toBeNull();
    expect((await ben.patch(`/v1/posts/${post}`, { body: 'hello @ann and @cat' })).body.editedAt).toBe(
      edited.body.editedAt,
    );
    await app.drained();
    expect((await cat.get('/v1/feeds/friends')).body.data[0].post.body).toBe('hello @ann and @cat');
    const [mention] = (await cat.get('/v1/notifications')).body.data;
    expect([mention.kind, mention.post.id]).toEqual(['mention', post]);
    expect((await ben.patch('/v1/posts/1', { body: 'x' })).status).toBe(404);
    const repost = (await ben.post(`/v1/posts/${await publish(ann, 'o')}/repost`, {})).body.id;
    expect((await ben.patch(`/v1/posts/${repost}`, { body: 'words' })).status).toBe(400);
  });

  it('lets nobody react across a block', async () => {
    const post = await publish(ann, 'not for dan');
    const dan = await app.user('dan');
    await ann.put(`/v1/relationships/${dan.id}`, { kind: 'block' });
    const answers = await Promise.all([
      dan.put(`/v1/posts/${post}/love`),
      dan.post(`/v1/posts/${post}/repost`, {}),
      dan.post('/v1/posts', { body: 'x', commentOn: post }),
      dan.get(`/v1/posts/${post}/comments`),
      dan.get(`/v1/posts/${post}/lovers`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
  });

  it('takes an account’s comments, reposts and loves out of the counts when it goes', async () => {
    const post = await publish(ann, 'for eve');
    const eve = await app.user('eve');
    await eve.put(`/v1/posts/${post}/love`);
    await eve.post(`/v1/posts/${post}/repost`, {});
    await eve.post('/v1/posts', { body: 'first', commentOn: post });
    await eve.post('/v1/posts', { body: 'second', commentOn: post });
    expect(await counts(post)).toMatchObject({ loves: 1, reposts: 1, comments: 2 });
    expect((await eve.delete('/v1/me')).status).toBe(204);
    await app.drained();
    expect(await counts(post)).toMatchObject({ loves: 0, reposts: 0, comments: 0 });
  });
});
