import pg from 'pg';
import { sqlFile } from '../../platform/database/sql.js';
import { Problem } from '../../platform/http/problem.js';
import { withoutSecrets } from './secrets.js';

interface Fitness {
  version: number;
  walLevel: string;
  freeSlots: number;
  freeSenders: number;
  workers: number;
  mayReplicate: boolean;
  maySubscribe: boolean;
  mayCreate: boolean;
  citus: boolean;
  timeout: string | null;
}

const readFitness = sqlFile<Fitness>(import.meta.url, './sql/read-fitness.sql');

/** Origins of changes can be told apart from here on. */
const LEAST_VERSION = 160_000;
/** What one move takes at its height: a slot each way, and those of tables that are being copied. */
const SLOTS = 6;

/** What keeps a database from taking part in moves of buckets, one sentence each; empty when nothing does. */
export async function unfitness(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<Fitness>(readFitness.text);
  const found = rows[0]!;
  const faults: [boolean, string][] = [
    [found.citus, 'it is a Citus coordinator: use citus_rebalance_start() and citus_move_shard_placement()'],
    [found.version < LEAST_VERSION, 'it is older than Postgres 16'],
    [found.walLevel !== 'logical', `wal_level is ${found.walLevel} and has to be logical`],
    [!found.mayReplicate, 'the role may not replicate: ALTER ROLE … REPLICATION'],
    [!found.maySubscribe, 'the role may not subscribe: GRANT pg_create_subscription TO …'],
    [!found.mayCreate, 'the role may create nothing in the database and its schema public'],
    [
      found.freeSlots < SLOTS,
      `${found.freeSlots} replication slots are free, ${SLOTS} are needed: raise max_replication_slots`,
    ],
    [
      found.freeSenders < SLOTS,
      `${found.freeSenders} WAL senders are free, ${SLOTS} are needed: raise max_wal_senders`,
    ],
    [found.workers < 2, 'max_logical_replication_workers is below 2'],
    [
      found.timeout !== null,
      `statement_timeout is ${found.timeout} for the role or the database, which would end the copy of a large bucket: have sessions set it, or a pooler`,
    ],
  ];
  return faults.filter(([isFault]) => isFault).map(([, fault]) => fault);
}

/**
 * Has the server behind `client` connect to another one as a subscriber would; nothing of it stays.
 * @throws Problem `shard-unfit` saying why it cannot
 */
export async function mustReach(client: pg.Client, from: string, url: string, to: string): Promise<void> {
  await quietly(client);
  await client.query('BEGIN');
  try {
    // Without a slot it may be taken back; it connects nevertheless, to ask which tables there are.
    await client.query(`CREATE SUBSCRIPTION sluice_reach CONNECTION ${pg.escapeLiteral(connectionTo(url))}
      PUBLICATION sluice_reach WITH (create_slot = false, slot_name = NONE, enabled = false, copy_data = false)`);
  } catch (error) {
    throw new Problem('shard-unfit', `${from} does not reach ${to}: ${withoutSecrets(error, [url])}`);
  } finally {
    await client.query('ROLLBACK');
  }
}

/** How one server reaches another. */
export function connectionTo(url: string): string {
  const target = new URL(url);
  if (!target.searchParams.has('connect_timeout')) target.searchParams.set('connect_timeout', '10');
  return target.href;
}

/** Keeps statements that carry a password out of what Postgres tells of the statements that it ran. */
export async function quietly(client: pg.Client): Promise<void> {
  await client.query('SET pg_stat_statements.track_utility = off').catch(() => undefined);
}
