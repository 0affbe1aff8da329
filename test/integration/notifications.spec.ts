import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Queues } from '../../src/platform/queues/queues.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('notifications', () => {
  let app: TestApp;
  let fans: Client[];
  let owner: Client;
  let number = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    fans = await Promise.all(Array.from({ length: 6 }, (_, i) => app.user(`fan${i}`)));
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    owner = await app.user(`owner${number++}`);
  });

  const publish = async (author: Client, body: string): Promise<string> =>
    (await author.post('/v1/posts', { body })).body.id;
  const list = async (query = '') => {
    await app.drained();
    return owner.all(`/v1/notifications?limit=2${query}`);
  };
  const kinds = async (query = '') => (await list(query)).map((entry) => [entry.kind, entry.actor.username]);
  const unread = async () => (await owner.get('/v1/notifications/unread')).body;

  it('tells of each thing once, however often it is repeated', async () => {
    const post = await publish(owner, 'mine');
    const [fan] = fans as [Client];
    for (let turn = 0; turn < 3; turn++) {
      await fan.follow(owner);
      await fan.put(`/v1/posts/${post}/love`);
      await fan.post(`/v1/posts/${post}/repost`, {});
      await app.drained();
      if (turn === 2) break;
      await fan.delete(`/v1/relationships/${owner.id}`);
      await fan.delete(`/v1/posts/${post}/love`);
      await fan.delete(`/v1/posts/${post}/repost`);
    }
    const comment = (await fan.post('/v1/posts', { body: 'well said', commentOn: post })).body.id;
    const entries = await list();
    expect(entries.map(({ kind }) => kind)).toEqual(['comment', 'repost', 'love', 'follow']);
    expect(entries.map(({ post: about }) => about?.id ?? null)).toEqual([comment, post, post, null]);
    expect(await unread()).toEqual({ count: 4, more: false });
    // Nobody is told of what they do themselves.
    await owner.put(`/v1/posts/${post}/love`);
    expect(await kinds()).toHaveLength(4);
  });

  it('takes back what was undone, in the very next read, with no worker running', async () => {
    const post = await publish(owner, 'to be loved');
    const [fan, other] = fans as [Client, Client];
    await fan.put(`/v1/posts/${post}/love`);
    await fan.follow(owner);
    await fan.post(`/v1/posts/${post}/repost`, {});
    const quote = (await other.post(`/v1/posts/${post}/repost`, { body: 'look' })).body.id;
    const mention = await publish(other, `hello @${owner.username}`);
    const comment = (await fan.post('/v1/posts', { body: 'first', commentOn: post })).body.id;
    expect((await kinds()).map(([kind]) => kind)).toEqual([
      'comment',
      'mention',
      'repost',
      'repost',
      'follow',
      'love',
    ]);
    await app.get(Queues).use('activities', (queue) => queue.pause());
    await app.get(Queues).use('graph', (queue) => queue.pause());
    await fan.delete(`/v1/posts/${post}/love`);
    await fan.delete(`/v1/relationships/${owner.id}`);
    await fan.delete(`/v1/posts/${post}/repost`);
    await other.delete(`/v1/posts/${quote}`);
    await other.patch(`/v1/posts/${mention}`, { body: 'hello nobody' });
    await fan.delete(`/v1/posts/${comment}`);
    expect((await owner.get('/v1/notifications')).body.data).toEqual([]);
    expect(await unread()).toEqual({ count: 0, more: false });
    await fan.put(`/v1/posts/${post}/love`);
    expect((await owner.get('/v1/notifications')).body.data).toHaveLength(1);
    await app.get(Queues).use('activities', (queue) => queue.resume());
    await app.get(Queues).use('graph', (queue) => queue.resume());
  });

  it('groups where apps group, pages right, and filters by kind', async () => {
    const posts = [await publish(owner, 'one'), await publish(owner, 'two')];
    for (const post of posts)
      await Promise.all(fans.slice(0, 5).map((fan) => fan.put(`/v1/posts/${post}/love`)));
    await Promise.all(fans.map((fan) => fan.follow(owner)));
    await app.drained();
    await fans[5]!.put(`/v1/posts/${posts[0]}/love`);
    await fans[4]!.post('/v1/posts', { body: 'a', commentOn: posts[0] });
    await fans[4]!.post('/v1/posts', { body: 'b', commentOn: posts[0] });
    const grouped = await list('&grouped=true');
    expect(grouped.map((entry) => [entry.kind, entry.post?.body ?? null, entry.group?.count ?? 1])).toEqual([
      ['comment', 'b', 1],
      ['comment', 'a', 1],
      ['love', 'one', 6],
      ['follow', null, 6],
      ['love', 'two', 5],
    ]);
    expect(grouped[2].actor.username).toBe('fan5');
    expect(grouped[2].group.actors).toHaveLength(3);
    expect(await list()).toHaveLength(19);
    expect(await kinds('&kind=comment')).toEqual([
      ['comment', 'fan4'],
      ['comment', 'fan4'],
    ]);
    // The newest of a group takes their love back, and somebody is muted.
    await fans[5]!.delete(`/v1/posts/${posts[0]}/love`);
    await owner.put(`/v1/relationships/${fans[0]!.id}`, { kind: 'mute' });
    const left = (await list('&grouped=true&kind=love')).map((entry) => entry.group.count);
    expect(left).toEqual([4, 4]);
    expect((await owner.get('/v1/notifications?grouped=maybe')).status).toBe(400);
    expect((await owner.get('/v1/notifications?kind=post')).status).toBe(400);
  });

  it('counts what is new up to the mark', async () => {
    await Promise.all(fans.map((fan) => fan.follow(owner)));
    const entries = await list();
    expect(await unread()).toEqual({ count: 6, more: false });
    await owner.post('/v1/notifications/read', { upTo: entries[2].id });
    expect(await unread()).toEqual({ count: 2, more: false });
    await owner.put(`/v1/relationships/${entries[0].actor.id}`, { kind: 'block' });
    expect(await unread()).toEqual({ count: 1, more: false });
  });
});
