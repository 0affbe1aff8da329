import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RowWriter } from '../../src/activities/row-writer.js';
import { Gate } from '../../src/fanout/gate.js';
import { type OpenChunk, Receipts } from '../../src/fanout/receipts.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

const SHARD = 1;

/** What a worker did that is dead now is done here by hand, up to the moment at which it died. */
describe('what waited for a shard, and was let go by a worker that died', () => {
  let app: TestApp;
  let fan: Client;
  let released: OpenChunk[];
  let post: Id;

  beforeEach(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    const author = await app.user('author');
    fan = await fanOn(SHARD);
    await fan.follow(author);
    await app.get(Gate).close({ reason: 'a test', by: 'a test', shard: SHARD });
    post = (await author.post('/v1/posts', { body: 'hello' })).body.id;
    await withWorker(() =>
      expect.poll(() => app.get(Receipts).waitedFor(2), { timeout: 20_000 }).toEqual([SHARD]),
    );
    await app.get(Gate).open('a test', { shard: SHARD });
    released = await app.get(Receipts).release(SHARD, 10);
    expect(released).toMatchObject([{ postId: post, authorId: author.id }]);
  });
  afterEach(() => app.stop());

  const fanOn = async (shard: number): Promise<Client> => {
    const router = app.get(ShardRouter);
    for (let i = 0; ; i++) {
      const user = await app.user(`fan${i}`);
      if (router.numberOf(router.shardOf(user.id)) === shard) return user;
    }
  };
  const withWorker = async (work: (worker: TestApp) => Promise<unknown>) => {
    const worker = await TestApp.start({ ROLES: 'worker' }, app.environment);
    await work(worker).finally(() => worker.stop());
  };
  const isDelivered = async (worker: TestApp) => {
    await worker.drained();
    const { body } = await fan.get('/v1/feeds/friends');
    expect(body.data.map(({ id }: { id: Id }) => id)).toEqual([post]);
  };

  it('is written although it never came into the queue', () => withWorker(isDelivered));

  it('is done with although nobody struck it from the outbox', async () => {
    const [open] = released as [OpenChunk];
    const receipts = app.get(Receipts);
    const chunk = (await receipts.chunk(open))!;
    const event = { kind: 'post', entryId: post, actorId: open.authorId, subjectId: post } as const;
    await app.get(RowWriter).write(event, chunk.recipients);
    expect(await receipts.settle(post, open.number, chunk, [])).toMatchObject({ done: true });
    await withWorker(isDelivered);
  });
});
