import pg from 'pg';
import { connectTo, maintenanceUrl } from './sql.js';
import type { TestEnvironment } from './stores.js';

/** Makes an empty database beside the shards of a test. @returns its URL */
export async function emptyDatabase(environment: TestEnvironment, suffix = 'added'): Promise<string> {
  const url = new URL(environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);
  const name = `${new URL(environment.DATABASE_URL!).pathname.slice(1)}_${suffix}`;
  const admin = await connectTo(maintenanceUrl(url.href));
  await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  await admin.end();
  url.pathname = `/${name}`;
  return url.href;
}

/** What moves of buckets have left on shards, one line each: nothing, once they are over. */
export async function leftovers(shards: readonly pg.Client[]): Promise<string[]> {
  const answers = await Promise.all(
    shards.map((shard) =>
      shard.query<{ what: string }>(`
        SELECT 'slot ' || slot_name AS what FROM pg_replication_slots WHERE database = current_database()
        UNION ALL SELECT 'publication ' || pubname FROM pg_publication
        UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
          WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        UNION ALL SELECT 'pace of ' || tgrelid::regclass FROM pg_trigger WHERE tgname = 'pace_copy'
        UNION ALL SELECT 'mark of ' || move_id FROM shard_move_marks
        UNION ALL SELECT 'table ' || relname FROM pg_class c WHERE relkind = 'r' AND relname LIKE 'activities\\_b%'
          AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid AND NOT inhdetachpending)
        UNION ALL SELECT 'trigger on ' || tgrelid::regclass FROM pg_trigger WHERE tgname = 'refuse_moved_bucket' AND tgenabled <> 'D'`),
    ),
  );
  return answers.flatMap(({ rows }, number) => rows.map(({ what }) => `shard ${number}: ${what}`));
}

/** Which buckets' partitions, and which of their views, each shard has. */
export async function partitionsOf(shard: pg.Client): Promise<{ leaves: number[]; readable: number[] }> {
  const numbers = async (pattern: string, kind: string) => {
    const { rows } = await shard.query<{ name: string }>(
      'SELECT relname AS name FROM pg_class WHERE relkind = $2 AND relname ~ $1 ORDER BY 1',
      [pattern, kind],
    );
    return rows.map(({ name }) => Number(name.slice(-2)));
  };
  return {
    leaves: await numbers('^activities_b\\d\\d$', 'r'),
    readable: await numbers('^readable_activities_b\\d\\d$', 'v'),
  };
}
