import { afterAll, beforeAll, expect, it } from 'vitest';
import { Freshness } from '../../src/fanout/freshness.js';
import { KnownFollows } from '../../src/fanout/known-follows.js';
import { PendingPosts } from '../../src/fanout/pending-posts.js';
import { GraphStore } from '../../src/relationships/graph-store.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ BACKFILL_POSTS: '1', ROLES: 'http' });
  await app.get(MirrorRebuild).run();
});
afterAll(() => app.stop());

it('keeps follows until something changes among those of the reader, and no longer', async () => {
  const [reader, author, stranger] = await Promise.all(
    ['reader', 'author', 'stranger'].map((n) => app.user(n)),
  );
  const publish = async () => (await author!.post('/v1/posts', { body: 'new' })).body.id as string;
  const versionNow = async () => {
    const pending = await app.get(PendingPosts).list();
    return (await app.get(Freshness).look(reader!.id, 'friend', pending, []))!.version;
  };
  const among = (version: string | undefined) =>
    app.get(KnownFollows).among(reader!.id, version, [author!.id, stranger!.id]);
  const since = (floor: string) => [{ subjectId: author!.id, kind: 'friend', floor }];

  await reader!.follow(stranger!);
  await reader!.delete(`/v1/relationships/${stranger!.id}`);
  const first = await publish();
  await reader!.follow(author!);
  const version = await versionNow();
  expect([await among(version), await among(version)]).toMatchObject([since(first), since(first)]);

  await reader!.delete(`/v1/relationships/${author!.id}`);
  const second = await publish();
  await reader!.follow(author!);
  expect(await app.get(GraphStore).followsAmong(reader!.id, [author!.id])).toMatchObject(since(second));
  expect(await among(version)).toMatchObject(since(first));
  expect(await among(await versionNow())).toMatchObject(since(second));
  expect(await among(undefined)).toMatchObject(since(second));

  await reader!.follow(stranger!, 'noise');
  expect(await among(await versionNow())).toHaveLength(2);
  // A block ends the follow from the other side.
  await author!.put(`/v1/relationships/${reader!.id}`, { kind: 'block' });
  expect(await among(await versionNow())).toMatchObject([{ subjectId: stranger!.id, kind: 'noise' }]);
});
