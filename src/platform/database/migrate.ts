import { DataSource, type MigrationInterface } from 'typeorm';

type Migrations = (new () => MigrationInterface)[];

export interface MigrationReport {
  database: string;
  /** Names of the migrations that this run applied, oldest first. */
  applied: string[];
  /** Names of those that are still to be applied; empty unless it was a dry run. */
  pending: string[];
}

/**
 * Brings one database up to date, each migration in its own transaction, under an advisory lock so that two runs
 * cannot interleave.
 * @param dryRun only says what is pending
 */
export async function migrateDatabase(
  name: string,
  url: string,
  migrations: Migrations,
  dryRun = false,
): Promise<MigrationReport> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    migrations,
    migrationsTransactionMode: 'each',
    logging: ['error'],
    poolSize: 2,
    connectTimeoutMS: 5_000,
  });
  await dataSource.initialize();
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock(727483, 1)');
    const pending = await pendingMigrations(dataSource);
    if (dryRun) return { database: name, applied: [], pending };
    const applied = await dataSource.runMigrations();
    return { database: name, applied: applied.map((migration) => migration.name), pending: [] };
  } finally {
    await lock.query('SELECT pg_advisory_unlock(727483, 1)').catch(() => undefined);
    await lock.release();
    await dataSource.destroy();
  }
}

async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const known = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const [table] = await dataSource.query<{ found: string | null }[]>(
    `SELECT to_regclass('migrations') AS found`,
  );
  if (!table?.found) return known;
  const done = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
  const names = new Set(done.map((row) => row.name));
  return known.filter((name) => !names.has(name));
}
