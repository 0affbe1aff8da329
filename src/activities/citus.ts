import type pg from 'pg';
import type { Database, Queryable } from '../platform/database/database.js';
import { BUCKET_COUNT } from '../platform/database/buckets.js';
import { sqlFile, type Statement } from '../platform/database/sql.js';
import { viewOf } from './leaves.js';

/**
 * All that differs where a shard is a Citus coordinator. There the activities are one table, distributed by recipient: its
 * pieces are Citus's own and move by its own rebalancer, so there are no partitions. Citus refuses triggers on distributed
 * tables, so the fence is passed by the writers themselves, in the transaction of the write. Nothing here could be tried on
 * a Citus: docs/scaling.md says what that means.
 */
const findCitus = sqlFile<{ citus: boolean }>(import.meta.url, './sql/find-citus.sql');
const checkFence = sqlFile(import.meta.url, './sql/check-fence.sql');

const known = new WeakMap<Queryable, Promise<boolean>>();

/** Whether a shard is a Citus coordinator; asked once, and again when it could not be told. */
export function isCitus(shard: Queryable): Promise<boolean> {
  let answer = known.get(shard);
  if (!answer) {
    answer = shard.query(findCitus).then(([row]) => row!.citus);
    answer.catch(() => known.delete(shard));
    known.set(shard, answer);
  }
  return answer;
}

/** Runs a statement that writes activities: past the fence that the table has, or, on Citus, past the one that we check. */
export async function write<Row>(
  shard: Database,
  statement: Statement<Row>,
  parameters: readonly unknown[],
): Promise<Row[]> {
  if (!(await isCitus(shard))) return shard.query(statement, parameters);
  return behindFence(shard, onWholeTable(statement), parameters);
}

/** Looks at the fence and holds its lock, as a trigger would, until the transaction in which the statement runs is over. */
export function behindFence<Row>(
  shard: Database,
  statement: Statement<Row>,
  parameters: readonly unknown[],
): Promise<Row[]> {
  return shard.transaction(async (transaction) => {
    await transaction.query(checkFence);
    return transaction.query(statement, parameters);
  });
}

/** A statement that names a partition, said of the one table. */
export function onWholeTable<Row>({ name, text }: Statement<Row>): Statement<Row> {
  return { name: name.replace(/_b\d\d$/, ''), text: text.replaceAll(/\bactivities_b\d\d\b/g, 'activities') };
}

/** What makes the table on Citus, in order; `create_distributed_table` is the last, and the only one that needs it. */
export const CITUS_TABLE: readonly string[] = [
  'DROP TABLE activities',
  `CREATE TABLE activities (
     recipient_id bigint NOT NULL,
     stream smallint NOT NULL CHECK (stream BETWEEN 1 AND 3),
     entry_id bigint NOT NULL,
     kind smallint NOT NULL,
     actor_id bigint NOT NULL,
     subject_id bigint NOT NULL,
     PRIMARY KEY (recipient_id, stream, entry_id, kind, actor_id, subject_id)
   )`,
  `CREATE UNIQUE INDEX activities_notification ON activities (recipient_id, kind, subject_id, actor_id)
   WHERE stream = 3`,
  `SELECT create_distributed_table('activities', 'recipient_id')`,
];

/** Every bucket is read through its view, as elsewhere; here all of them show the same table. */
export const CITUS_VIEWS: readonly string[] = Array.from(
  { length: BUCKET_COUNT },
  (_, bucket) => `CREATE OR REPLACE VIEW ${viewOf(bucket)} AS SELECT * FROM activities`,
);

/**
 * Distributes the activities of a shard that has just been migrated, unless that was done before.
 * @param client a connection to the coordinator, outside a transaction
 * @throws Error when the shard has partitions: it was used without Citus before, and rows are not taken over
 */
export async function distribute(client: pg.Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock(727483, 3)');
  const { rows } = await client.query<{ parted: boolean; used: boolean }>(
    `SELECT relkind = 'p' AS parted, EXISTS (SELECT FROM pg_inherits WHERE inhparent = pg_class.oid) AS used
     FROM pg_class WHERE oid = 'activities'::regclass`,
  );
  if (rows[0]!.used)
    throw new Error('It was a shard before Citus was installed in it: give Citus an empty database.');
  await client.query('BEGIN');
  try {
    if (rows[0]!.parted) for (const statement of CITUS_TABLE) await client.query(statement);
    for (const statement of CITUS_VIEWS) await client.query(statement);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
