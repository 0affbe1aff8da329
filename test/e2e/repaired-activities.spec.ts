import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gate } from '../../src/fanout/gate.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { importFollowers } from '../support/followers.js';
import { dropKeys, importLegacyRows, type LegacyImport } from '../support/legacy-import.js';
import { ProductProcess } from '../support/processes.js';
import { RepeatingTraffic } from '../support/repeating-traffic.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';
import type { Client } from '../support/client.js';

/** About how many rows are imported. */
const ROWS = Number(process.env.REPAIR_ROWS ?? 200_000);
const FOLLOWERS = 2_000;
const PATIENCE = { timeout: 240_000, interval: 25 };
const COLUMNS = 'recipient_id, stream, entry_id, kind, actor_id, subject_id';

describe(`a legacy import of ${ROWS} rows without unique indexes`, () => {
  let app: TestApp;
  let author: Client;
  let primary: pg.Client;
  let shards: pg.Client[];
  let imports: LegacyImport[];
  const workers: ProductProcess[] = [];
  let posted: Id[];

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    author = await app.user('author');
    await importFollowers(app.environment, 'author', FOLLOWERS);
    primary = await connectTo(app.environment.DATABASE_URL!);
    shards = await Promise.all(app.environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
    imports = await importEverywhere();
  }, 240_000);
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all([primary, ...shards].map((client) => client.end()));
    await app.stop();
  });

  const importEverywhere = async () => {
    const { rows: fans } = await primary.query<{ id: Id }>(
      `SELECT id FROM users WHERE username LIKE 'fan%' ORDER BY id`,
    );
    const { rows: posts } = await primary.query<{ id: Id; author: Id }>(
      `INSERT INTO posts (author_id, body) SELECT ($1::bigint[])[1 + n % 50], 'from before' FROM generate_series(1, $2::int) AS n
       RETURNING id, author_id AS author`,
      [fans.map(({ id }) => id), Math.round((ROWS * 0.8) / FOLLOWERS)],
    );
    const gone = await primary.query<{ id: Id }>(
      `INSERT INTO users (username, deleted_at) SELECT '~' || n, now() FROM generate_series(1, 20) AS n RETURNING id`,
    );
    const goneUsers = gone.rows.map(({ id }) => id);
    const deleted = await primary.query<{ id: Id }>(
      `WITH made AS (SELECT next_id() AS id FROM generate_series(1, 20)) SELECT id FROM made`,
    );
    const router = app.get(ShardRouter);
    return Promise.all(
      shards.map(async (shard, number) => {
        await dropKeys(shard);
        const lies = (id: Id) => router.shardOf(id) === router.shards[number];
        return importLegacyRows(shard, {
          recipients: fans.map(({ id }) => id).filter(lies),
          posts,
          goneRecipient: goneUsers.find(lies)!,
          goneUsers: [...goneUsers, '77'],
          gonePosts: deleted.rows.map(({ id }) => id),
        });
      }),
    );
  };

  const startWorker = async () => {
    const worker = await ProductProcess.start('worker', app.environment);
    workers.push(worker);
    return worker;
  };
  const command = (...args: string[]) =>
    ProductProcess.run('cli', app.environment, ['repair-activities', '--json', ...args]);
  const total = (what: keyof LegacyImport) => imports.reduce((sum, one) => sum + one[what], 0);
  const figure = async (client: pg.Client, text: string) =>
    Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${text}`)).rows[0]!.n);
  const figures = async (text: string) =>
    (await Promise.all(shards.map((shard) => figure(shard, text)))).reduce((sum, one) => sum + one);
  const parts = async () =>
    (
      await primary.query<{ phase: string; rows_seen: string; rows_total: string }>(
        'SELECT phase, rows_seen, rows_total FROM activity_repair_shards ORDER BY repair_id DESC, shard LIMIT 2',
      )
    ).rows;
  const indexes = `pg_index WHERE indrelid IN (SELECT 'activities'::regclass UNION SELECT relid FROM pg_partition_tree('activities'))`;
  const keys = `pg_index WHERE indrelid = 'activities'::regclass AND indisunique AND indisvalid`;
  const ways = `pg_class WHERE relname LIKE '%\\_walk\\_%'`;

  it('is told by a dry run, which changes nothing', async () => {
    const before = await figures(`activities`);
    const { code, stdout, stderr } = await command('--dry-run');
    expect([code, stderr]).toEqual([1, '']);
    const { rows, findings, withoutKeys } = JSON.parse(stdout) as {
      rows: number;
      findings: { reason: string; rows: number; examples: string[] }[];
      withoutKeys: number[];
    };
    const of = (reason: string) =>
      findings.filter((one) => one.reason === reason).reduce((sum, one) => sum + one.rows, 0);
    expect(withoutKeys).toEqual([0, 1]);
    expect({ rows, duplicates: of('duplicate'), orphans: of('orphan') }).toEqual({
      rows: total('rows'),
      duplicates: total('duplicates'),
      orphans: total('orphans'),
    });
    expect(findings.every(({ examples }) => examples.length > 0)).toBe(true);
    expect([
      await figures('activities'),
      await figures('activities_removed'),
      await figures(indexes),
    ]).toEqual([before, 0, 0]);
  }, 240_000);

  it('stops where an admin says so, and cleans up behind itself', async () => {
    await startWorker();
    const watching = command('--throttle', String(ROWS / 100));
    await expect
      .poll(async () => (await parts()).filter(({ rows_seen }) => Number(rows_seen) > 0).length, PATIENCE)
      .toBe(2);
    expect((await command('--abort')).code).toBe(0);
    const { code, stdout } = await watching;
    expect([code, JSON.parse(stdout).state]).toEqual([1, 'aborted']);
    await expect
      .poll(async () => (await parts()).map(({ phase }) => phase), PATIENCE)
      .toEqual(['done', 'done']);
    expect(await figures('activities_removed')).toBeGreaterThan(0);
    expect(await figures(indexes)).toBe(0);
    expect((await figures('activities')) + (await figures('activities_removed'))).toBe(total('rows'));
  }, 240_000);

  it('loses exactly its wrong rows while posts keep coming in and workers are killed', async () => {
    const traffic = new RepeatingTraffic(author, shards, ROWS);
    posted = traffic.posted;
    traffic.begin();
    const watching = command(...(ROWS > 500_000 ? [] : ['--throttle', '40000']));
    const killWhen = async (
      when: (part: { phase: string; rows_seen: string; rows_total: string }) => boolean,
    ) => {
      await expect.poll(async () => (await parts()).some(when), PATIENCE).toBe(true);
      await Promise.all(workers.map((worker) => worker.stop()));
      await startWorker();
    };
    await killWhen(({ phase, rows_seen }) => phase === 'walking' && Number(rows_seen) > ROWS / 20);
    await holdUp(shards[0]!, async () => {
      await killWhen(({ phase }) => phase === 'finishing');
      const { code, stdout } = await watching;
      expect([code, JSON.parse(stdout).state], stdout).toEqual([1, 'failed']);
      expect(stdout).toContain('did not end in time');
      expect((await app.get(Gate).status()).state).toBe('open');
    });
    const again = await command();
    expect(again, again.stderr).toMatchObject({ code: 0 });
    const { state, id } = JSON.parse(again.stdout) as { state: string; id: Id };
    const { rows: repairs } = await primary.query('SELECT id, state FROM activity_repairs ORDER BY id');
    expect([state, repairs]).toEqual([
      'done',
      [expect.objectContaining({ state: 'aborted' }), { id, state: 'done' }],
    ]);
    await traffic.end();
    await app.drained(120_000);

    const right = `SELECT ${COLUMNS} FROM activities WHERE subject_id <> ALL ('{${posted.join()}}')`;
    expect(await figures(`(${right} EXCEPT ALL SELECT ${COLUMNS} FROM expected) AS x`), 'too many').toBe(0);
    expect(await figures(`(SELECT ${COLUMNS} FROM expected EXCEPT ALL ${right}) AS x`), 'too few').toBe(0);
    expect(await figures(`activities WHERE subject_id = ANY ('{${posted.join()}}')`)).toBe(
      posted.length * FOLLOWERS,
    );
    expect([await figures(keys), await figures(ways)]).toEqual([2 * shards.length, 0]);
    expect(
      await figures(
        `(TABLE orphaned EXCEPT ALL SELECT ${COLUMNS} FROM activities_removed WHERE reason = 'orphan') AS x`,
      ),
    ).toBe(0);
    expect(await figures(`activities_removed WHERE reason = 'orphan'`)).toBe(total('orphans'));
    expect(
      await figures(
        `(TABLE doubled EXCEPT ALL SELECT ${COLUMNS} FROM activities_removed WHERE reason = 'duplicate') AS x`,
      ),
    ).toBe(0);
    expect(traffic.repeated, 'rows written twice during the repair').toBeGreaterThan(0);
    expect(traffic.refused, 'writes before the closed gate').toBeGreaterThan(0);
    expect(posted.length).toBeGreaterThan(2);
  }, 600_000);

  it('is clean then', async () => {
    const { code, stdout } = await command('--dry-run');
    expect([code, JSON.parse(stdout).findings]).toEqual([0, []]);
    expect((await command()).code).toBe(0);
  }, 240_000);

  it('gets its orphans back when somebody wants them', async () => {
    const { rows } = await primary.query<{ id: Id }>(
      'SELECT repair_id AS id FROM activity_repair_shards ORDER BY orphans DESC LIMIT 1',
    );
    const kept = `activities_removed WHERE reason = 'orphan' AND repair_id = ${rows[0]!.id}`;
    await Promise.all(
      shards.map((shard) => shard.query(`CREATE TABLE back AS SELECT ${COLUMNS} FROM ${kept}`)),
    );
    const { code, stdout } = await command('--restore', rows[0]!.id);
    expect([code, JSON.parse(stdout).restored]).toEqual([0, await figures('back')]);
    expect(await figures(kept)).toBe(0);
    const missing = `back LEFT JOIN activities USING (recipient_id, stream, kind, actor_id, subject_id) WHERE activities.entry_id IS NULL`;
    expect(await figures(missing), 'not put back').toBe(0);
    const others = `(SELECT ${COLUMNS} FROM activities EXCEPT TABLE expected EXCEPT TABLE back) AS other`;
    expect(await figures(`${others} WHERE subject_id <> ALL ('{${posted.join()}}')`), 'invented').toBe(0);
  }, 240_000);
});

/** Does something while a transaction on the activities keeps their table from being locked. */
async function holdUp(shard: pg.Client, act: () => Promise<void>): Promise<void> {
  await shard.query('BEGIN; LOCK TABLE activities IN ROW EXCLUSIVE MODE');
  await act();
  await shard.query('COMMIT');
}
