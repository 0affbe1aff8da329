import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useGateKey } from '../../src/activities/fence.js';
import { behindFence, CITUS_TABLE, CITUS_VIEWS, isCitus, onWholeTable } from '../../src/activities/citus.js';
import { perLeaf } from '../../src/activities/leaves.js';
import { PlacementStore } from '../../src/activities/placement-store.js';
import { Gate } from '../../src/fanout/gate.js';
import type { Database } from '../../src/platform/database/database.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { sqlFile } from '../../src/platform/database/sql.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const folder = new URL('../../src/activities/sql/', import.meta.url);
const statements = readdirSync(folder).map((file) => ({
  file,
  text: readFileSync(new URL(file, folder), 'utf8'),
}));
/** `repair-activities` walks over the places of rows in a table; it is not for Citus (docs/scaling.md). */
const BY_PLACE = /blocks-page|feed-rows|notification-rows|last-|restore-activities|repeated-|unsorted-page/;
const ordinary = statements.filter(({ file, text }) => /\bactivities\b/.test(text) && !BY_PLACE.test(file));
const bare = (text: string) => text.replaceAll(/--[^\n]*/g, '');

const INSERT = { name: 'test_insert', text: 'INSERT INTO activities VALUES ($1, 1, 1, 1, 1, 1)' };

describe('what Citus asks of the activities', () => {
  let app: TestApp;
  let shard: Database;
  let client: pg.Client;

  beforeAll(async () => {
    app = await TestApp.start();
    shard = app.get(ShardRouter).shards[0]!;
    client = await connectTo(app.environment.ACTIVITY_SHARD_URLS!.split(',')[0]!);
  });
  afterAll(async () => {
    await client.end();
    await app.stop();
  });

  /** The columns, checks and indexes of a table, by what they are. */
  const shapeOf = async (table: string) => {
    const { rows: columns } = await client.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`,
      [table],
    );
    const { rows: indexes } = await client.query<{ definition: string }>(
      `SELECT regexp_replace(pg_get_indexdef(indexrelid), ' ON (ONLY )?\\S+ ', ' ON ') AS definition
       FROM pg_index WHERE indrelid = $1::regclass ORDER BY 1`,
      [table],
    );
    const { rows: checks } = await client.query<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE conrelid = $1::regclass AND contype <> 'n' ORDER BY 1`,
      [table],
    );
    return { columns, indexes, checks };
  };

  it('holds the recipient in every unique key, on the table and on each partition', async () => {
    const { rows } = await client.query<{ name: string; keyed: boolean }>(
      `SELECT index.indexrelid::regclass::text AS name, attnum = ANY (index.indkey[0:index.indnkeyatts - 1]) AS keyed
       FROM pg_partition_tree('activities') AS tree JOIN pg_index AS index ON index.indrelid = tree.relid AND index.indisunique
       JOIN pg_attribute ON attrelid = tree.relid AND attname = 'recipient_id'`,
    );
    // The parent and 32 partitions, two keys each.
    expect(rows).toHaveLength(66);
    expect(rows.filter(({ keyed }) => !keyed)).toEqual([]);
  });

  it('has no foreign key, rule, generated or serial column, and no trigger that is not made for it', async () => {
    const { rows } = await client.query<{ found: string }>(
      `SELECT 'constraint ' || conname AS found FROM pg_constraint WHERE conrelid = 'activities'::regclass AND contype IN ('f', 'x')
       UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = 'activities'::regclass
       UNION ALL SELECT 'column ' || attname FROM pg_attribute
         WHERE attrelid = 'activities'::regclass AND attnum > 0 AND (attidentity <> '' OR attgenerated <> '' OR atthasdef)
       UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = 'activities'::regclass AND NOT tgisinternal`,
    );
    // This one is what Citus has instead of: `check_fence`.
    expect(rows).toEqual([{ found: 'trigger pass_fence' }]);
  });

  it('is the same table there as elsewhere, but without triggers', async () => {
    const expected = await shapeOf('activities');
    expect(expected.indexes).toHaveLength(2);
    await client.query('BEGIN');
    await client.query('DROP TABLE activities CASCADE');
    const ours = CITUS_TABLE.filter((text) => !text.startsWith('DROP'));
    const distribution = ours.pop();
    for (const text of ours) await client.query(text);
    for (const text of CITUS_VIEWS) await client.query(text);
    expect(await shapeOf('activities')).toEqual(expected);
    expect(
      (await client.query(`SELECT FROM pg_trigger WHERE tgrelid = 'activities'::regclass`)).rowCount,
    ).toBe(0);
    await client.query('INSERT INTO activities VALUES (1, 1, 1, 1, 1, 1)');
    expect((await client.query('SELECT FROM readable_activities_b63')).rowCount).toBe(1);
    await client.query('ROLLBACK');
    expect(distribution).toBe(`SELECT create_distributed_table('activities', 'recipient_id')`);
  });

  it.each(ordinary)('refuses nothing in $file', ({ text }) => {
    const sql = bare(text);
    // SELECT … FOR UPDATE, samples, recursion and grouping sets work within one recipient at most; places of rows nowhere.
    expect(sql).not.toMatch(
      /\bFOR\s+(UPDATE|SHARE)\b|TABLESAMPLE|RECURSIVE|GROUPING\s+SETS|\bCUBE\b|\bROLLUP\b|\bctid\b/i,
    );
    // Volatile functions in what changes rows.
    if (/\b(INSERT|UPDATE|DELETE)\b/i.test(sql))
      expect(sql).not.toMatch(/\b(random|clock_timestamp|nextval|next_id|gen_random_uuid|uuidv7)\s*\(/i);
    // Every row that is written says whose it is, every change of rows to whom it is limited.
    for (const [, columns] of sql.matchAll(/INSERT INTO activities \(([^)]*)\)/g))
      expect(columns).toMatch(/\brecipient_id\b/);
    for (const [, condition] of sql.matchAll(/DELETE FROM activities\b([^;]*)/g))
      expect(condition).toMatch(/\brecipient_id\s*(=|IN\b)/);
    expect(sql).not.toMatch(/UPDATE activities\b/);
  });

  it('looks at enough of them', () => {
    expect(ordinary.length).toBeGreaterThan(12);
  });

  it('names no partition in a statement that goes to the one table', () => {
    const placing = sqlFile(import.meta.url, '../../src/activities/sql/place-actor.sql');
    const [, , third] = perLeaf(placing);
    expect(third!.text).toContain('activities_b02');
    expect(onWholeTable(third!)).toEqual(placing);
  });

  it('is no Citus here, so writers go by the trigger', async () => {
    expect(await isCitus(shard)).toBe(false);
  });

  describe('writers who look at the fence themselves', () => {
    // On a table without the trigger, which is what a distributed one is.
    beforeAll(async () => {
      await client.query('CREATE TABLE unguarded (LIKE activities INCLUDING ALL)');
    });
    const insert = {
      name: 'test_unguarded',
      text: 'INSERT INTO unguarded VALUES ($1, 1, 1, 1, 1, 1) RETURNING 1',
    };
    const rows = async () => (await client.query('SELECT FROM unguarded')).rowCount;

    it('write while it is open', async () => {
      expect(await behindFence(shard, insert, [1])).toHaveLength(1);
      expect(await rows()).toBe(1);
    });

    it('write nothing while it is closed, but with its key', async () => {
      const { key } = await app.get(Gate).close({ reason: 'a test', by: 'A' });
      await expect(behindFence(shard, insert, [2])).rejects.toMatchObject({ code: 'SL001' });
      await expect(behindFence(shard, INSERT, [2])).rejects.toMatchObject({ code: 'SL001' });
      expect(await rows()).toBe(1);
      await client.query('BEGIN');
      await useGateKey(client, key);
      await client.query('SELECT check_fence()');
      await client.query(insert.text, [3]);
      await client.query('COMMIT');
      expect(await rows()).toBe(2);
      await app.get(Gate).open('A');
    });

    it('are waited for by whoever closes it, until they have committed', async () => {
      await client.query('BEGIN');
      await client.query('SELECT check_fence()');
      await client.query(insert.text, [4]);
      const closing = app.get(Gate).close({ reason: 'a writer', by: 'A' });
      let closed = false;
      const done = closing.then(() => (closed = true));
      await expect
        .poll(
          async () =>
            (await app.get(ShardRouter).shards[1]!.query({ name: 'test_locks', text: LOCK_WAITERS }))[0],
          { timeout: 20_000 },
        )
        .toEqual({ waiters: 1 });
      expect(closed).toBe(false);
      await client.query('COMMIT');
      await done;
      expect(await rows()).toBe(3);
      await app.get(Gate).open('A');
    });

    it('are refused in a transaction that would not see that it closes', async () => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await expect(client.query('SELECT check_fence()')).rejects.toMatchObject({ code: '0A000' });
      await client.query('ROLLBACK');
    });
  });

  it('removes all of somebody, however much it is', async () => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM generate_series(1::bigint, 1000) AS id WHERE satisfies_hash_partition('activities'::regclass, 64, 0, id) LIMIT 1`,
    );
    const { id } = rows[0]!;
    await client.query(
      'INSERT INTO activities SELECT $1, 1 + entry % 2, entry, 1, 7, entry FROM generate_series(1, 25000) AS entry',
      [id],
    );
    expect(await app.get(PlacementStore).removeRecipient(id)).toBeUndefined();
    expect((await client.query('SELECT FROM activities WHERE recipient_id = $1', [id])).rowCount).toBe(0);
  });
});

/** Who waits for the exclusive lock of a fence, in any database of the server. */
const LOCK_WAITERS = `
  SELECT count(*)::int AS waiters FROM pg_locks
  WHERE locktype = 'advisory' AND classid = 727483 AND objid = 2 AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = replace(current_database(), '_shard_1', '_shard_0'))`;
