import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useGateKey } from '../../src/activities/fence.js';
import { connectTo } from '../support/sql.js';
import { createStores } from '../support/stores.js';

const CLOSED = { code: 'SL001' };
const KEY = 'the key of this closing';
const INSERT = 'INSERT INTO activities VALUES (1, 1, 1, 1, 1, 1) ON CONFLICT DO NOTHING';

/** What writers meet on a shard, whatever code they run. */
describe('the fence of a shard', () => {
  let writer: pg.Client;
  let gate: pg.Client;

  beforeAll(async () => {
    const url = (await createStores()).ACTIVITY_SHARD_URLS!.split(',')[0]!;
    [writer, gate] = [await connectTo(url), await connectTo(url)];
  });
  afterAll(() => Promise.all([writer.end(), gate.end()]));
  beforeEach(() => set(false));
  afterEach(() => writer.query('ROLLBACK'));

  const set = (closed: boolean) =>
    gate.query('UPDATE activities_fence SET closed = $1, key = $2', [closed, closed ? KEY : null]);
  const drain = (patienceMs: number) => gate.query('SELECT drain_fence($1)', [patienceMs]);

  it('stands before every table that holds activities, and before each of them once', async () => {
    const { rows } = await writer.query<{ name: string; fences: number }>(`
      SELECT holder::text AS name, (
        SELECT count(*)::int FROM pg_trigger
        WHERE tgrelid = holder AND tgfoid = 'pass_fence'::regproc AND tgenabled = 'O' AND NOT tgisinternal
      ) AS fences
      FROM (SELECT 'activities'::regclass UNION SELECT relid FROM pg_partition_tree('activities')) AS holders (holder)`);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ fences }) => fences !== 1)).toEqual([]);
  });

  it.each([
    ['an insert', INSERT],
    ['an insert of nothing', 'INSERT INTO activities SELECT * FROM activities WHERE false'],
    ['a move', 'UPDATE activities SET stream = 2'],
    ['a removal', 'DELETE FROM activities'],
    ['a merge', 'MERGE INTO activities a USING (SELECT 1) b ON a.recipient_id = 0 WHEN MATCHED THEN DELETE'],
    ['a truncation', 'TRUNCATE activities'],
    ['a copy', 'COPY activities FROM STDIN'],
  ])('refuses %s while it is closed, and only then', async (what, statement) => {
    await set(true);
    await writer.query('BEGIN');
    await expect(writer.query(statement)).rejects.toMatchObject(CLOSED);
    await writer.query('ROLLBACK');
    await set(false);
    if (what === 'a copy') return;
    await writer.query('BEGIN');
    await writer.query(statement);
  });

  it('is attached to a table as often as one likes', async () => {
    await writer.query('BEGIN');
    await writer.query('CREATE TABLE "odd; name" (LIKE activities)');
    for (let i = 0; i < 2; i++) await writer.query(`SELECT attach_fence('"odd; name"')`);
    await writer.query('UPDATE activities_fence SET closed = true, key = $1', [KEY]);
    await expect(writer.query('INSERT INTO "odd; name" VALUES (1, 1, 1, 1, 1, 1)')).rejects.toMatchObject(
      CLOSED,
    );
  });

  it('lets the transaction pass that names the key, and no later one of the same session', async () => {
    await set(true);
    await writer.query('BEGIN');
    await useGateKey(writer, KEY);
    await writer.query(INSERT);
    await writer.query('COMMIT');
    await expect(writer.query(INSERT)).rejects.toMatchObject(CLOSED);
    await writer.query('BEGIN');
    await useGateKey(writer, 'another key');
    await expect(writer.query(INSERT)).rejects.toMatchObject(CLOSED);
  });

  it.each(['REPEATABLE READ', 'SERIALIZABLE'])(
    'refuses a transaction that sees what was: %s',
    async (level) => {
      await writer.query(`BEGIN ISOLATION LEVEL ${level}`);
      await expect(writer.query(INSERT)).rejects.toMatchObject({ code: '0A000' });
    },
  );

  it('is drained once those who passed have ended, and tells when they do not', async () => {
    await writer.query('BEGIN');
    await writer.query(INSERT);
    await set(true);
    await expect(drain(50)).rejects.toMatchObject({ code: '55P03' });
    const drained = drain(30_000);
    // Who comes after the fence was closed does not wait behind the one who drains it.
    await expect(writer.query(INSERT)).rejects.toMatchObject(CLOSED);
    await writer.query('ROLLBACK');
    await drained;
  });

  it('catches the writer who looked before it was closed and has not taken the lock yet', async () => {
    await gate.query('BEGIN');
    await drain(30_000);
    const writing = expect(writer.query(INSERT)).rejects.toMatchObject(CLOSED);
    await expect
      .poll(async () => {
        const text = `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
        return (await gate.query<{ waiting: number }>(text)).rows[0]!.waiting;
      })
      .toBe(1);
    await set(true);
    await gate.query('COMMIT');
    await writing;
  });
});
