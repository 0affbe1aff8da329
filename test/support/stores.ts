import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** The environment of a process on databases and a Redis prefix of its own. */
export type TestEnvironment = Record<string, string>;

/**
 * Makes a primary and two shards by copying the migrated templates (about 0.1 s each), and draws a Redis prefix.
 * They go with the run.
 */
export async function createStores(overrides: TestEnvironment = {}): Promise<TestEnvironment> {
  const { databaseUrl, shardUrls, redisUrl } = inject('stack');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: named(databaseUrl, 'postgres') });
  await admin.connect();
  const copy = async (url: string, copyName: string) => {
    await admin.query(`CREATE DATABASE ${copyName} TEMPLATE ${new URL(url).pathname.slice(1)}`);
    return named(url, copyName);
  };
  const primary = await copy(databaseUrl, name);
  const shards = [await copy(shardUrls[0]!, `${name}_shard_0`), await copy(shardUrls[1]!, `${name}_shard_1`)];
  await admin.end();
  return {
    DATABASE_URL: primary,
    ACTIVITY_SHARD_URLS: shards.join(','),
    REDIS_URL: redisUrl,
    REDIS_PREFIX: `${name}:`,
    JWT_SECRET: 'a secret for the tests alone, 32 bytes or more',
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'silent',
    // A busy machine is no failure; tests of timeouts set their own.
    DATABASE_TIMEOUT_MS: '30000',
    POOL_TIMEOUT_MS: '30000',
    REDIS_TIMEOUT_MS: '10000',
    DATABASE_POOL_SIZE: '10',
    SHARD_POOL_SIZE: '8',
    RATE_LIMIT_PER_MINUTE: '1000000',
    SIGNUPS_PER_HOUR: '1000000',
    LOGIN_ATTEMPTS: '1000000',
    OUTBOX_LEASE_MS: '2000',
    OUTBOX_SWEEP_MS: '100',
    ...overrides,
  };
}

function named(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
