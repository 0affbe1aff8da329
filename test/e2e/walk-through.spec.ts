import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('sign up, follow, post, read', () => {
  let app: TestApp;
  let ada: Client;
  let grace: Client;

  beforeAll(async () => {
    app = await TestApp.start();
    ada = await app.signUp('ada');
    grace = await app.signUp('Grace');
  });
  afterAll(() => app.stop());

  it('brings a post to the friends feed of a follower', async () => {
    await ada.follow(grace);
    const post = await grace.post('/v1/posts', { body: 'Hello, @ADA! 👩‍💻 <b>&amp;' });
    expect(post.status).toBe(201);
    await app.drained();

    const feed = await ada.get('/v1/feeds/friends');
    expect(feed.body.page).toEqual({ next: null, complete: true });
    expect(feed.body.data).toEqual([
      {
        id: post.body.id,
        kind: 'post',
        createdAt: post.body.createdAt,
        post: expect.objectContaining({ id: post.body.id }),
      },
    ]);
    expect(feed.body.data[0].post).toMatchObject({
      body: 'Hello, @ADA! 👩‍💻 <b>&amp;',
      author: {
        username: 'Grace',
        relationship: { kind: 'friend', followsMe: false },
        counts: { posts: 1, followers: 1 },
      },
      mentions: [{ username: 'ada' }],
      counts: { comments: 0, loves: 0, reposts: 0, views: 0 },
    });
    expect((await ada.get('/v1/feeds/noise')).body.data).toEqual([]);
    expect((await grace.get('/v1/feeds/friends')).body.data).toEqual([]);
  });

  it('tells of the follow and the mention', async () => {
    expect((await grace.get('/v1/notifications')).body.data).toMatchObject([
      { kind: 'follow', actor: { username: 'ada' }, post: null, read: false },
    ]);
    const [mention] = (await ada.get('/v1/notifications')).body.data;
    expect(mention).toMatchObject({ kind: 'mention', actor: { username: 'Grace' }, read: false });
    expect((await ada.post('/v1/notifications/read', { upTo: mention.id })).status).toBe(204);
    expect((await ada.get('/v1/notifications')).body.data).toMatchObject([{ id: mention.id, read: true }]);
  });

  it('takes a deleted post out of the feed at once', async () => {
    const [entry] = (await ada.get('/v1/feeds/friends')).body.data;
    expect((await ada.delete(`/v1/posts/${entry.id}`)).status).toBe(403);
    expect((await grace.delete(`/v1/posts/${entry.id}`)).status).toBe(204);
    expect((await ada.get('/v1/feeds/friends')).body.data).toEqual([]);
    expect((await ada.get(`/v1/posts/${entry.id}`)).status).toBe(404);
  });
});
