import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { migrateAll } from '../../src/ops/migrate.js';
import { Config } from '../../src/platform/config/config.js';
import { EmbeddedStack } from '../../src/platform/embedded/embedded-stack.js';
import { ReplicaServer } from './replica-server.js';
import { createStores, type TestEnvironment } from './stores.js';

/** A Postgres of its own, since a replica follows a whole server, and one that follows it; the Redis is everybody's. */
export class ReplicatedStack {
  private constructor(
    private readonly dataDir: string,
    private readonly stack: EmbeddedStack,
    readonly server: ReplicaServer,
    readonly environment: TestEnvironment,
  ) {}

  static async start(): Promise<ReplicatedStack> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-replicated-'));
    const stack = await EmbeddedStack.start({ dataDir, durable: false });
    const { databaseUrl, shardUrls } = stack.urls;
    const environment: TestEnvironment = {
      ...(await createStores()),
      DATABASE_URL: databaseUrl,
      ACTIVITY_SHARD_URLS: shardUrls.join(','),
      REDIS_URL: inject('stack').redisUrl,
      // A busy machine is no lag.
      REPLICA_LAG_MS: '2000',
    };
    await migrateAll(Config.from(environment));
    const server = await ReplicaServer.start(databaseUrl);
    environment.ACTIVITY_REPLICA_URLS = shardUrls
      .map((url, shard) => `${shard}=${server.url(url)}`)
      .join(',');
    return new ReplicatedStack(dataDir, stack, server, environment);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.stack.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
