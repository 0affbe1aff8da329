import type pg from 'pg';
import { migrateAll } from '../../src/ops/migrate.js';
import { Config } from '../../src/platform/config/config.js';
import { ShardServer } from './shard-server.js';
import { connectTo } from './sql.js';
import { createStores, type TestEnvironment } from './stores.js';

/** Two shards, each on a Postgres of its own; the primary and the Redis are everybody's. */
export class ShardedServers {
  private constructor(
    readonly servers: readonly ShardServer[],
    readonly environment: TestEnvironment,
  ) {}

  static async start(): Promise<ShardedServers> {
    const servers = await Promise.all([ShardServer.start(), ShardServer.start()]);
    const environment = await createStores({
      ACTIVITY_SHARD_URLS: servers.map(({ url }) => url).join(','),
      // A write to a shard that is away is tried again by the test.
      POOL_TIMEOUT_MS: '2000',
    });
    await migrateAll(Config.from(environment));
    return new ShardedServers(servers, environment);
  }

  /** Asks both shards something, by connections of the moment: the servers come and go. */
  async onEach<Result>(ask: (shard: pg.Client, number: number) => Promise<Result>): Promise<Result[]> {
    return Promise.all(this.servers.map((_, number) => this.on(number, (shard) => ask(shard, number))));
  }

  async on<Result>(number: number, ask: (shard: pg.Client) => Promise<Result>): Promise<Result> {
    const shard = await connectTo(this.servers[number]!.url);
    try {
      return await ask(shard);
    } finally {
      await shard.end();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
