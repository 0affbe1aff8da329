import { primaryMigrations, shardMigrations } from '../../migrations/registry.js';
import { distribute, isCitus } from '../activities/citus.js';
import { makeLeaves } from '../activities/leaves.js';
import { resettle } from '../activities/resettlement.js';
import type { Config } from '../platform/config/config.js';
import { BUCKET_COUNT, bucketOf } from '../platform/database/buckets.js';
import { Database } from '../platform/database/database.js';
import { migrateDatabase, type MigrationReport } from '../platform/database/migrate.js';
import {
  openShard,
  readAddedShards,
  type ShardAddress,
  shardAddresses,
} from '../platform/database/shard-addresses.js';
import { readShardMap } from '../platform/database/shards.js';
import { sqlFile } from '../platform/database/sql.js';
import { errorText } from '../platform/error-text.js';
import type { Id } from '../platform/ids/ids.js';

interface OpenMove {
  id: Id;
  state: string;
  buckets: number[];
}

const openMoves = sqlFile<OpenMove>(import.meta.url, './shard-move/sql/open-moves.sql');
const fillShardMap = sqlFile(import.meta.url, './fill-shard-map.sql');

/** One database's outcome; `error` says why it could not be brought up to date. */
export interface MigrationOutcome extends MigrationReport {
  error?: string;
}

/** Told what is being done, how much of it is, and of about how much. */
type Report = (label: string, done: number, total: number) => void;

/**
 * Brings the primary and every shard up to date, lays out the shard map of a new installation, and gives each shard the
 * partitions of its buckets. A shard that fails does not keep the others back. As long as a move of buckets is not over, no
 * shard's tables are changed: the two sides of its replication would not be alike any more.
 * @param dryRun only says what is pending where
 * @param report is told of long work how far it has come
 */
export async function migrateAll(
  { database }: Config,
  dryRun = false,
  report: Report = () => undefined,
): Promise<MigrationOutcome[]> {
  const primary = await migrateDatabase('primary', database.primaryUrl, primaryMigrations, dryRun);
  const addresses = await findShards(database, primary);
  const moves = dryRun ? [] : await withPrimary(database, (connection) => connection.query(openMoves));
  const outcomes = await Promise.all(
    addresses.map(async ({ number, url, directUrl }): Promise<MigrationOutcome> => {
      const name = `shard-${number}`;
      const migrate = (dry: boolean) => migrateDatabase(name, directUrl ?? url, shardMigrations, dry);
      try {
        return moves[0] ? withheld(await migrate(true), moves[0]) : await migrate(dryRun);
      } catch (error) {
        const known = shardMigrations.map((migration) => migration.name);
        return { database: name, applied: [], pending: known, error: errorText(error) };
      }
    }),
  );
  if (dryRun) return [primary, ...outcomes];
  const owners = await layOutShardMap(database);
  const moving = new Set(moves.flatMap(({ buckets }) => buckets));
  return [primary, ...(await settleShards(database, addresses, { owners, moving }, outcomes, report))];
}

/** What becomes of a shard while a move is not over. */
function withheld(report: MigrationReport, { id, state }: OpenMove): MigrationOutcome {
  if (report.pending.length === 0) return report;
  return {
    ...report,
    error: `the move ${id} of buckets is ${state}, and both sides of it have to stay alike: finish it, roll it back or abort it first`,
  };
}

/** Where every shard is: those of the setting alone as long as the primary has no place for others. */
function findShards(database: Config['database'], { pending }: MigrationReport): Promise<ShardAddress[]> {
  return withPrimary(database, async (primary) =>
    shardAddresses(database, pending.length > 0 ? [] : await primary.query(readAddedShards)),
  );
}

/** @returns the shard of each bucket */
function layOutShardMap(database: Config['database']): Promise<number[]> {
  return withPrimary(database, async (primary) => {
    await primary.query(fillShardMap, [BUCKET_COUNT, database.shardUrls.length]);
    return (await primary.query(readShardMap, ['0'])).map((row) => row.shard);
  });
}

async function withPrimary<Result>(
  database: Config['database'],
  work: (primary: Database) => Promise<Result>,
): Promise<Result> {
  const primary = new Database({ name: 'primary', url: database.primaryUrl, poolSize: 1, ...database });
  try {
    return await work(primary);
  } finally {
    await primary.close();
  }
}

/** Makes the partitions of every shard that is up to date; then takes rows from before there were partitions to them. */
async function settleShards(
  database: Config['database'],
  addresses: readonly ShardAddress[],
  { owners, moving }: { owners: readonly number[]; moving: ReadonlySet<number> },
  outcomes: readonly MigrationOutcome[],
  report: Report,
): Promise<MigrationOutcome[]> {
  const shards = addresses.map((address) => openShard(database, address, 1));
  try {
    // Those of a move are its own business: their owner may be another by now.
    const settled = (shard: number) => bucketsOf(owners, shard).filter((bucket) => !moving.has(bucket));
    const prepared = await afterEach(outcomes, (index) => prepare(shards[index]!, settled(index)));
    return await afterEach(prepared, async (index) => {
      const ownerOf = (recipient: Id) => shards[owners[bucketOf(recipient)]!]!;
      await resettle(shards[index]!, ownerOf, (done, total) =>
        report(`${shards[index]!.name}: rows to their partitions`, done, total),
      );
    });
  } finally {
    await Promise.all(shards.map((shard) => shard.close()));
  }
}

/** Goes on, one after the other, with the shards that have not failed so far. */
async function afterEach(
  outcomes: readonly MigrationOutcome[],
  act: (index: number) => Promise<void>,
): Promise<MigrationOutcome[]> {
  const results: MigrationOutcome[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const error = outcome.error ?? (await act(index).then(() => undefined, errorText));
    results.push(error === undefined ? outcome : { ...outcome, error });
  }
  return results;
}

async function prepare(shard: Database, buckets: readonly number[]): Promise<void> {
  const client = await shard.dedicatedClient();
  try {
    if (await isCitus(shard)) await distribute(client);
    else await makeLeaves(client, buckets);
  } finally {
    await client.end();
  }
}

const bucketsOf = (owners: readonly number[], shard: number): number[] =>
  [...owners.keys()].filter((bucket) => owners[bucket] === shard);
