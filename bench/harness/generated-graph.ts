import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { copyLines } from './copy.js';
import { powerLawGraph, type PowerLawOptions } from './power-law.js';

/** A graph of which so much is known that questions can be drawn. */
export interface LoadedGraph {
  /** Ids of users, by number. */
  users: readonly Id[];
  follows: number;
}

/**
 * Puts a generated graph into an empty Postgres: straight into the tables, whose indexes are built afterwards, because
 * what is measured comes later. Ends with the vacuum that the autovacuum of a running installation would have done.
 */
export async function loadGeneratedGraph(
  services: INestApplicationContext,
  options: PowerLawOptions,
  say: (line: string) => void,
): Promise<LoadedGraph> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    say(`making ${options.users.toLocaleString('en')} users`);
    await client.query(`INSERT INTO users (username) SELECT 'p' || n FROM generate_series(1, $1::int) AS n`, [
      options.users,
    ]);
    const { rows } = await client.query<{ id: Id }>('SELECT id FROM users ORDER BY id');
    const users = rows.map(({ id }) => id);
    say('writing their follows');
    const indexes = await dropIndexes(client);
    await copyLines(client, 'relationships (owner_id, subject_id, kind)', lines(options, users));
    say('indexing them');
    await client.query(`SET maintenance_work_mem = '512MB'`);
    for (const index of indexes) await client.query(index);
    await client.query(`
      INSERT INTO graph_owners (owner_id, version, friends)
      SELECT owner_id, 1, count(*) FROM relationships GROUP BY owner_id ORDER BY owner_id`);
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
    return { users, follows: options.users * options.followsPerUser };
  } finally {
    await client.end();
  }
}

function* lines(options: PowerLawOptions, users: readonly Id[]): Generator<string> {
  for (const { source, targets } of powerLawGraph(options)) {
    const owner = users[source]!;
    let text = '';
    for (const target of targets) text += `${owner}\t${users[target]!}\t1\n`;
    yield text;
  }
}

/** @returns the statements that bring them back */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ drop: string; create: string }>(`
    SELECT format('ALTER TABLE relationships DROP CONSTRAINT %I', conname) AS drop,
      format('ALTER TABLE relationships ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) AS create
    FROM pg_constraint WHERE conrelid = 'relationships'::regclass AND contype = 'p'
    UNION ALL
    SELECT format('DROP INDEX %I', relname), pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = 'relationships'::regclass AND NOT indisprimary`);
  for (const { drop } of rows) await client.query(drop);
  return rows.map(({ create }) => create);
}
