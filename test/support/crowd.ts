import { Gate } from '../../src/fanout/gate.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { Client } from './client.js';
import { TestApp } from './test-app.js';

const FANS = 40;

/** An author with forty followers who have everything so far, an admin, and a queue that holds few jobs. */
export class Crowd {
  private constructor(
    readonly app: TestApp,
    readonly admin: Client,
    readonly author: Client,
    readonly fans: readonly Client[],
  ) {}

  /** @param depth how many jobs the queue holds */
  static async gather(depth: number): Promise<Crowd> {
    const app = await TestApp.start({ QUEUE_DEPTH: String(depth) });
    const [admin, author] = [await app.admin(), await app.user('author')];
    const fans = await Promise.all(Array.from({ length: FANS }, (_, i) => app.user(`fan${i}`)));
    await Promise.all(fans.map((fan) => fan.follow(author)));
    await app.drained();
    return new Crowd(app, admin, author, fans);
  }

  get gate(): Gate {
    return this.app.get(Gate);
  }

  /** Has the author publish. @returns the post's id */
  async publish(body = 'a post'): Promise<string> {
    return (await this.author.post('/v1/posts', { body })).body.id as string;
  }

  /** How many fans have a row of a post, by shard. */
  rowsOf(post: string): Promise<number[]> {
    const query = { name: 'test_rows', text: 'SELECT FROM activities WHERE entry_id = $1 AND kind = 1' };
    const { shards } = this.app.get(ShardRouter);
    return Promise.all(shards.map(async (shard) => (await shard.query(query, [post])).length));
  }
}
