import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compareIds } from '../../src/platform/ids/ids.js';
import { Outbox } from '../../src/platform/outbox/outbox.js';
import { GraphView } from '../../src/users/graph-view.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('relationships', () => {
  let app: TestApp;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.stop());

  const some = (count: number): Promise<Client[]> =>
    Promise.all(Array.from({ length: count }, () => app.user(`user${counter++}`)));
  const standing = async (viewer: Client, other: Client) =>
    (await viewer.post('/v1/relationships/lookup', { ids: [other.id] })).body.data[0];

  it('moves from kind to kind in one call, and repeating it changes nothing', async () => {
    const [a, b] = (await some(2)) as [Client, Client];
    const record = vi.spyOn(app.get(Outbox), 'record');
    for (const kind of ['friend', 'friend', 'noise', 'mute', 'block', 'friend']) {
      const { status, body } = await a.put(`/v1/relationships/${b.id}`, { kind });
      expect([status, body]).toEqual([200, { kind, followsMe: false }]);
    }
    // Five changes, of which the first and the last are new follows, and four are about a follow; the repetition is none.
    expect(record.mock.calls.map(([, { name }]) => name).sort()).toEqual([
      ...Array<string>(5).fill('graph.changed'),
      ...Array<string>(4).fill('placement.changed'),
      'user.followed',
      'user.followed',
    ]);
    record.mockRestore();
    await app.drained();
    expect((await b.get('/v1/notifications')).body.data).toHaveLength(1);
    expect((await b.get(`/v1/users/${b.id}`)).body.counts).toMatchObject({ followers: 1 });
    expect((await a.delete(`/v1/relationships/${b.id}`)).status).toBe(204);
    expect((await a.delete(`/v1/relationships/${b.id}`)).status).toBe(204);
    expect(await standing(a, b)).toEqual({ id: b.id, kind: null, followsMe: false });
  });

  it('leaves one row, one notification and one count of a thousand concurrent follows', async () => {
    const [a, b] = (await some(2)) as [Client, Client];
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => a.follow(b)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await app.drained();
    expect((await b.get('/v1/me')).body.counts).toMatchObject({ followers: 1 });
    expect((await a.get('/v1/me')).body.counts).toMatchObject({ following: 1, friends: 1, noise: 0 });
    expect((await b.get('/v1/notifications')).body.data).toHaveLength(1);
    expect((await b.get(`/v1/users/${b.id}/followers`)).body.data).toHaveLength(1);
  });

  it('severs both directions with a block, and hides each from the other', async () => {
    const [a, b] = (await some(2)) as [Client, Client];
    await a.follow(b);
    await b.follow(a);
    const post = await a.post('/v1/posts', { body: `hello @${b.username}` });
    await app.drained();
    expect((await b.get('/v1/feeds/friends')).body.data).toHaveLength(1);
    await b.put(`/v1/relationships/${a.id}`, { kind: 'block' });

    expect((await b.get('/v1/feeds/friends')).body.data).toEqual([]);
    expect((await b.get('/v1/notifications')).body.data).toEqual([]);
    expect((await a.get('/v1/notifications')).body.data).toEqual([]);
    expect((await a.get(`/v1/users/${b.id}`)).status).toBe(404);
    expect((await a.get(`/v1/users/@${b.username}`)).status).toBe(404);
    expect((await a.get(`/v1/users/${b.id}/posts`)).status).toBe(404);
    expect((await a.put(`/v1/relationships/${b.id}`, { kind: 'friend' })).status).toBe(404);
    expect((await a.get(`/v1/users/${a.id}/following`)).body.data).toEqual([]);
    expect((await a.get(`/v1/posts/${post.body.id}`)).body.mentions).toEqual([]);
    expect((await b.get('/v1/me/blocks')).body.data).toMatchObject([
      { id: a.id, relationship: { kind: 'block' } },
    ]);
    expect((await b.get('/v1/me')).body.counts).toMatchObject({ followers: 0, following: 0 });

    await b.delete(`/v1/relationships/${a.id}`);
    expect(await standing(a, b)).toEqual({ id: b.id, kind: null, followsMe: false });
    expect((await a.get(`/v1/users/${b.id}`)).status).toBe(200);
  });

  it('hides the muted from the muter alone', async () => {
    const [a, b] = (await some(2)) as [Client, Client];
    await a.put(`/v1/relationships/${b.id}`, { kind: 'mute' });
    await b.follow(a);
    await b.post('/v1/posts', { body: `psst, @${a.username}` });
    const post = await a.post('/v1/posts', { body: `did anybody call? @${b.username}` });
    await app.drained();
    expect((await a.get('/v1/notifications')).body.data).toEqual([]);
    expect((await b.get('/v1/feeds/friends')).body.data).toMatchObject([{ id: post.body.id }]);
    expect((await b.get('/v1/notifications')).body.data).toMatchObject([{ kind: 'mention' }]);
    expect((await a.get('/v1/me/mutes')).body.data).toMatchObject([{ id: b.id }]);
  });

  it('puts posts into the feed of the kind of the follow', async () => {
    const [a, b] = (await some(2)) as [Client, Client];
    await a.follow(b, 'noise');
    await b.post('/v1/posts', { body: 'loud' });
    await app.drained();
    expect((await a.get('/v1/feeds/noise')).body.data).toHaveLength(1);
    expect((await a.get('/v1/feeds/friends')).body.data).toEqual([]);
    await a.delete(`/v1/relationships/${b.id}`);
    expect((await a.get('/v1/feeds/noise')).body.data).toEqual([]);
  });

  it('pages through followers while people come and go', async () => {
    const [star, ...fans] = (await some(31)) as [Client, ...Client[]];
    await Promise.all(fans.map((fan) => fan.follow(star)));
    const first = await star.get(`/v1/users/${star.id}/followers?limit=10`);
    expect(first.headers.get('link')).toContain('rel="next"');
    const [late] = (await some(1)) as [Client];
    await late.follow(star);
    await fans[0]!.delete(`/v1/relationships/${star.id}`);
    const rest = await star.all(`/v1/users/${star.id}/followers?limit=10`, first.body.page.next);
    const seen = [...first.body.data, ...rest].map((user: { id: string }) => user.id);
    expect(new Set(seen).size).toBe(seen.length);
    const staying = fans.slice(1).map((fan) => fan.id);
    expect(staying.filter((id) => !seen.includes(id))).toEqual([]);
    expect(seen).not.toContain(late.id);
    const following = await fans[1]!.get(`/v1/users/${fans[1]!.id}/following?kind=noise`);
    expect(following.body.data).toEqual([]);
  });

  it('links to the next page, whatever was asked for, as often as it is', async () => {
    const [star, ...fans] = (await some(4)) as [Client, ...Client[]];
    for (const fan of fans) await fan.follow(star);
    for (let time = 0; time < 2; time++) {
      const seen: string[] = [];
      let path: string | undefined = `/v1/users/${star.id}/followers?limit=1`;
      while (path !== undefined) {
        const { headers, body } = await star.get(path);
        seen.push(...body.data.map(({ id }: { id: string }) => id));
        const link: string | undefined = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
        const url: URL | undefined = link === undefined ? undefined : new URL(link);
        expect(url?.searchParams.getAll('cursor') ?? []).toEqual(body.page.next ? [body.page.next] : []);
        if (url) expect([url.pathname, url.searchParams.get('limit')]).toEqual([path.split('?')[0], '1']);
        path = url && url.pathname + url.search;
      }
      expect(seen.sort()).toEqual(fans.map(({ id }) => id).sort());
    }
  });

  it.each([
    ['following?kind=noise', 'noise'],
    ['blocks', 'block'],
    ['mutes', 'mute'],
  ])('pages through %s while it changes', async (list, kind) => {
    const [a, ...others] = (await some(13)) as [Client, ...Client[]];
    others.sort((one, other) => compareIds(one.id, other.id));
    const put = (other: Client) => a.put(`/v1/relationships/${other.id}`, { kind });
    // The first and the last to sign up come later.
    for (const other of others.slice(1, -1)) await put(other);
    const path = kind === 'noise' ? `/v1/users/${a.id}/${list}&limit=4` : `/v1/me/${list}?limit=4`;
    const first = await a.get(path);
    expect(first.body.data.map(({ id }: Client) => id)).toEqual(
      others
        .slice(7, 11)
        .map(({ id }) => id)
        .reverse(),
    );
    await put(others[0]!);
    await put(others.at(-1)!);
    await a.delete(`/v1/relationships/${others[9]!.id}`);
    await a.put(`/v1/relationships/${others[5]!.id}`, { kind: kind === 'mute' ? 'friend' : 'mute' });
    const rest = await a.all(path, first.body.page.next);
    const expected = [6, 4, 3, 2, 1, 0].map((place) => others[place]!.id);
    expect(rest.map(({ id }: { id: string }) => id)).toEqual(expected);
  });

  it.each([
    ['oneself', (a: Client) => a.id, 400],
    ['nobody', () => '1', 404],
    ['no id', () => 'x', 404],
  ])('refuses to follow %s', async (_, target, status) => {
    const [a] = (await some(1)) as [Client];
    expect((await a.put(`/v1/relationships/${target(a)}`, { kind: 'friend' })).status).toBe(status);
  });

  it('bounds how many one may follow', async () => {
    const [a, b, c] = (await some(3)) as [Client, Client, Client];
    const bounded = await TestApp.start({ MOST_FOLLOWS: '1', ROLES: 'http' }, app.environment);
    const viewer = await bounded.clientOf(a.id);
    expect((await viewer.follow(b)).status).toBe(200);
    expect((await viewer.follow(c)).body.type).toBe('urn:sluice:problem:too-many-follows');
    expect((await viewer.follow(b, 'noise')).status).toBe(200);
    expect((await viewer.put(`/v1/relationships/${c.id}`, { kind: 'block' })).status).toBe(200);
    await bounded.stop();
  });

  it('takes a deleted account out of everything', async () => {
    const [gone, fan, idol] = (await some(3)) as [Client, Client, Client];
    await fan.follow(gone);
    await gone.follow(idol);
    await idol.put(`/v1/relationships/${gone.id}`, { kind: 'mute' });
    const post = await gone.post('/v1/posts', { body: 'farewell' });
    await app.drained();
    expect((await gone.delete('/v1/me')).status).toBe(204);
    expect((await gone.get('/v1/me')).status).toBe(401);
    expect((await fan.get(`/v1/users/${gone.id}`)).status).toBe(404);
    expect((await fan.get(`/v1/posts/${post.body.id}`)).status).toBe(404);
    expect((await fan.get('/v1/feeds/friends')).body.data).toEqual([]);
    expect((await fan.follow(gone)).status).toBe(404);
    await app.drained();
    expect((await fan.get('/v1/me')).body.counts).toMatchObject({ following: 0 });
    expect((await idol.get('/v1/me')).body.counts).toMatchObject({ followers: 0 });
    expect(await app.get(GraphView).standings(idol.id, [gone.id])).toMatchObject([{ kind: null }]);
    expect((await app.user(gone.username)).id).not.toBe(gone.id);
  });
});
