import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MostFollowed } from '../../src/relationships/most-followed.js';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from '../support/client.js';
import { EventStream } from '../support/event-stream.js';
import { TwoServers } from '../support/two-servers.js';

const PATIENCE = { timeout: 20_000 };

/** Two people between whom there is to be a block, a third who deals with both, and everything that they have done. */
interface Story {
  viewer: Client;
  hidden: Client;
  third: Client;
  posts: Record<'ofHidden' | 'ofThird' | 'comment' | 'quoteOfThird' | 'plainOfHidden' | 'quoteOfHidden', Id>;
}

describe('somebody whom a block hides', () => {
  let servers: TwoServers;
  let told: Story;

  beforeAll(async () => {
    servers = await TwoServers.start({});
  });
  afterAll(() => servers.stop());

  const act = async (client: Client, path: string, body: object = {}) =>
    (await client.post(path, body)).body.id as Id;

  /** Every way in which one may come across another: what they wrote, loved, passed on, and whom they know. */
  const tell = async (): Promise<Story> => {
    const [viewer, hidden, third, fourth] = (await servers.people('viewer', 'hidden', 'third', 'fourth')) as [
      Client,
      Client,
      Client,
      Client,
    ];
    for (const [one, other] of [
      [viewer, third],
      [viewer, hidden],
      [hidden, viewer],
      [hidden, third],
      [third, hidden],
      [third, fourth],
      [hidden, fourth],
    ] as const)
      await one.follow(other);
    const ofViewer = await act(viewer, '/v1/posts', { body: 'by the viewer' });
    const ofHidden = await act(hidden, '/v1/posts', { body: `hello @${viewer.username}` });
    const ofThird = await act(third, '/v1/posts', { body: 'by the third' });
    const comment = await act(hidden, '/v1/posts', { body: 'a comment', commentOn: ofThird });
    const quoteOfThird = await act(hidden, `/v1/posts/${ofThird}/repost`, { body: 'a quote' });
    await act(hidden, `/v1/posts/${ofThird}/repost`);
    const plainOfHidden = await act(third, `/v1/posts/${ofHidden}/repost`);
    const quoteOfHidden = await act(third, `/v1/posts/${ofHidden}/repost`, { body: 'look at that' });
    for (const post of [ofThird, ofViewer, plainOfHidden]) await hidden.put(`/v1/posts/${post}/love`);
    await act(hidden, '/v1/posts', { body: 'a comment', commentOn: ofViewer });
    await act(hidden, `/v1/posts/${ofViewer}/repost`);
    await servers.catchUp();
    await servers.app.get(MostFollowed).refresh(0);
    const posts = { ofHidden, ofThird, comment, quoteOfThird, plainOfHidden, quoteOfHidden };
    return { viewer, hidden, third, posts };
  };

  const open = ({ viewer, hidden, third, posts }: Story) => [
    '/v1/feeds/friends',
    '/v1/feeds/noise',
    '/v1/notifications',
    '/v1/notifications?grouped=true',
    '/v1/recommendations/users',
    '/v1/me/mutes',
    ...[third, viewer].flatMap(({ id }) =>
      ['', '/posts', '/followers', '/following', '/mutuals'].map((list) => `/v1/users/${id}${list}`),
    ),
    ...['', '/comments', '/lovers', '/reposters'].flatMap((list) => [
      `/v1/posts/${posts.ofThird}${list}`,
      `/v1/posts/${posts.quoteOfHidden}${list}`,
    ]),
    `/v1/users/@${hidden.username}x`,
  ];
  const shut = ({ hidden, posts }: Story) => [
    ...['', '/posts', '/followers', '/following', '/mutuals'].flatMap((list) => [
      `/v1/users/${hidden.id}${list}`,
      `/v1/users/@${hidden.username}${list}`,
    ]),
    ...[posts.ofHidden, posts.comment, posts.quoteOfThird, posts.plainOfHidden].flatMap((post) =>
      ['', '/comments', '/lovers', '/reposters'].map((list) => `/v1/posts/${post}${list}`),
    ),
  ];
  const isTold = ({ hidden }: Story, text: string) =>
    text.includes(`"${hidden.id}"`) || text.includes(hidden.username);

  const expectHidden = async (story: Story) => {
    const { viewer, hidden, posts } = story;
    for (const path of open(story)) {
      const { body } = await viewer.get(path);
      expect(isTold(story, JSON.stringify(body)), `${path}: ${JSON.stringify(body)}`).toBe(false);
    }
    for (const path of shut(story)) {
      const { status, body } = await viewer.get(path);
      expect([status, body.type], path).toEqual([404, 'urn:sluice:problem:not-found']);
      expect((await viewer.send('HEAD', path)).status, path).toBe(404);
    }
    for (const [method, path, body] of [
      ['PUT', `/v1/posts/${posts.ofHidden}/love`],
      ['PUT', `/v1/posts/${posts.plainOfHidden}/love`],
      ['POST', `/v1/posts/${posts.comment}/repost`, {}],
      ['POST', `/v1/posts/${posts.plainOfHidden}/repost`, {}],
      ['POST', `/v1/posts/${posts.plainOfHidden}/repost`, { body: 'look' }],
      ['POST', '/v1/posts', { body: 'well', commentOn: posts.ofHidden }],
      ['POST', '/v1/posts', { body: 'well', commentOn: posts.plainOfHidden }],
    ] as const)
      expect((await viewer.send(method, path, body)).status, `${method} ${path}`).toBe(404);
    const { body } = await viewer.post('/v1/relationships/lookup', { ids: [hidden.id] });
    expect(body.data[0].followsMe).toBe(false);
    expect((await viewer.get('/v1/notifications/unread')).body.count).toBe(0);
  };

  it.each([
    ['hidden blocks viewer', false],
    ['viewer blocks hidden', true],
  ])('is nowhere to be come across: %s', async (_, isViewers) => {
    told = await tell();
    const { viewer, hidden } = told;
    // What is to be hidden is there before.
    const shown = await Promise.all(open(told).map((path) => viewer.get(path)));
    expect(shown.filter(({ body }) => isTold(told, JSON.stringify(body))).length).toBeGreaterThan(8);
    const seen = await viewer.get('/v1/feeds/friends');
    const stream = await EventStream.open(servers.other.url, viewer);
    const [blocker, blocked] = isViewers ? [viewer, hidden] : [hidden, viewer];
    await hidden.post('/v1/posts', { body: `once more @${viewer.username}` });
    expect((await blocker.put(`/v1/relationships/${blocked.id}`, { kind: 'block' })).status).toBe(200);

    await expectHidden(told);
    const tag = seen.headers.get('etag')!;
    expect((await viewer.send('HEAD', '/v1/feeds/friends', undefined, { 'if-none-match': tag })).status).toBe(
      200,
    );
    const last = await act(told.third, '/v1/posts', { body: 'the end' });
    await servers.catchUp();
    await expect.poll(() => stream.of('feed').map(({ entry }) => entry.id as Id), PATIENCE).toEqual([last]);
    expect(stream.of('notification')).toEqual([]);
    stream.close();
    await expectHidden(told);
    await servers.wipe('graph:');
    await servers.wipe('card:');
    await expectHidden(told);
  });
});
