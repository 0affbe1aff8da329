import { primaryMigrations, shardMigrations } from '../../migrations/registry.js';
import type { Config } from '../platform/config/config.js';
import { BUCKET_COUNT } from '../platform/database/buckets.js';
import { Database } from '../platform/database/database.js';
import { migrateDatabase, type MigrationReport } from '../platform/database/migrate.js';
import { sqlFile } from '../platform/database/sql.js';

const fillShardMap = sqlFile(import.meta.url, './fill-shard-map.sql');

/** One database's outcome; `error` says why it could not be brought up to date. */
export interface MigrationOutcome extends MigrationReport {
  error?: string;
}

/**
 * Brings the primary and every shard up to date, and lays out the shard map of a new installation. A shard that fails
 * does not keep the others back.
 * @param dryRun only says what is pending where
 */
export async function migrateAll({ database }: Config, dryRun = false): Promise<MigrationOutcome[]> {
  const primary = await migrateDatabase('primary', database.primaryUrl, primaryMigrations, dryRun);
  const shards = await Promise.all(
    database.shardUrls.map(async (url, index): Promise<MigrationOutcome> => {
      const name = `shard-${index}`;
      try {
        return await migrateDatabase(name, url, shardMigrations, dryRun);
      } catch (error) {
        const known = shardMigrations.map((migration) => migration.name);
        return {
          database: name,
          applied: [],
          pending: known,
          error: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
  if (!dryRun) await layOutShardMap(database);
  return [primary, ...shards];
}

async function layOutShardMap(database: Config['database']): Promise<void> {
  const primary = new Database({ name: 'primary', url: database.primaryUrl, poolSize: 1, ...database });
  try {
    await primary.query(fillShardMap, [BUCKET_COUNT, database.shardUrls.length]);
  } finally {
    await primary.close();
  }
}
