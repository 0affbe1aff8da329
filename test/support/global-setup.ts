import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrateAll } from '../../src/ops/migrate.js';
import { Config } from '../../src/platform/config/config.js';
import { EmbeddedStack, type StackUrls } from '../../src/platform/embedded/embedded-stack.js';

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackUrls;
  }
}

/** Starts one real Postgres and one real Redis for the whole run, and migrates the databases that each file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const stack = await EmbeddedStack.start({
    dataDir,
    durable: false,
    postgresSettings: {
      max_connections: '500',
      // Replication whose connection was ended begins again soon.
      wal_retrieve_retry_interval: '500ms',
      // The statements of hundreds of databases are told apart; a statement that was run once is the first to be forgotten.
      'pg_stat_statements.max': '50000',
    },
  });
  await migrateAll(
    Config.from({
      DATABASE_URL: stack.urls.databaseUrl,
      ACTIVITY_SHARD_URLS: stack.urls.shardUrls.join(','),
      REDIS_URL: stack.urls.redisUrl,
      JWT_SECRET: 'x'.repeat(32),
    }),
  );
  await markAsTemplates(stack.urls);
  project.provide('stack', stack.urls);
  return async () => {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** A database with connections cannot be copied; nobody may connect to these any more. */
async function markAsTemplates({ databaseUrl, shardUrls }: StackUrls): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(databaseUrl, 'postgres') });
  await client.connect();
  for (const url of [databaseUrl, ...shardUrls]) {
    await client.query(
      `ALTER DATABASE ${new URL(url).pathname.slice(1)} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`,
    );
  }
  await client.end();
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
