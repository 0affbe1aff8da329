import { GraphRedis } from '../../src/platform/redis/redis.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import type { Client } from './client.js';
import { TestApp } from './test-app.js';

/** Two processes on the same stores that serve requests and do no job, and workers when a test wants one. */
export class TwoServers {
  private drawn = 0;

  private constructor(
    readonly app: TestApp,
    readonly other: TestApp,
  ) {}

  static async start(settings: Record<string, string>): Promise<TwoServers> {
    const app = await TestApp.start({ ...settings, ROLES: 'http' });
    await app.get(MirrorRebuild).run();
    return new TwoServers(app, await TestApp.start({}, app.environment));
  }

  people(...names: string[]): Promise<Client[]> {
    return Promise.all(names.map((name) => this.app.user(`${name}${this.drawn++}`)));
  }

  async publish(author: Client, body = 'hello'): Promise<string> {
    return (await author.post('/v1/posts', { body })).body.id as string;
  }

  /** Does something while a worker works, which then does all that is to be done, and ends. */
  async withWorker(work: (worker: TestApp) => Promise<void>): Promise<void> {
    const worker = await TestApp.start({ ROLES: 'worker' }, this.app.environment);
    try {
      await work(worker);
      await worker.drained(60_000);
    } finally {
      await worker.stop();
    }
  }

  catchUp(): Promise<void> {
    return this.withWorker(() => Promise.resolve());
  }

  /** Has Redis forget everything of ours whose key begins with this. */
  async wipe(root: string): Promise<void> {
    const { client } = this.app.get(GraphRedis);
    const pattern = `${this.app.environment.REDIS_PREFIX!}${root}*`;
    for (let cursor = '0'; ;) {
      const [next, keys] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
      if (keys.length > 0) await client.unlink(...keys);
      if (next === '0') return;
      cursor = next;
    }
  }

  async stop(): Promise<void> {
    await this.other.stop();
    await this.app.stop();
  }
}
