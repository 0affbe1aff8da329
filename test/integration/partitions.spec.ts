import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { shardMigrations } from '../../migrations/registry.js';
import { Partitions1763825000000 } from '../../migrations/shard/1763825000000-partitions.js';
import { leafOf, perBucket } from '../../src/activities/leaves.js';
import { migrateAll } from '../../src/ops/migrate.js';
import { Config } from '../../src/platform/config/config.js';
import { BUCKET_COUNT, bucketOf } from '../../src/platform/database/buckets.js';
import { migrateDatabase } from '../../src/platform/database/migrate.js';
import { sqlFile } from '../../src/platform/database/sql.js';
import { connectTo, maintenanceUrl } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';

const IDS = ['-9223372036854775808', '-1', '0', '1', '4294967295', '4294967296', '9223372036854775807'];
const LEAVES = `SELECT relid::regclass::text AS leaf FROM pg_partition_tree('activities') WHERE isleaf ORDER BY 1`;

const shardUrls = (environment: TestEnvironment) => environment.ACTIVITY_SHARD_URLS!.split(',');

describe('the partitions of a shard', () => {
  let shards: pg.Client[];
  beforeAll(async () => {
    shards = await Promise.all(shardUrls(await createStores()).map(connectTo));
  });
  afterAll(() => Promise.all(shards.map((shard) => shard.end())));

  const insert = (shard: pg.Client, table: string, recipient: string) =>
    shard.query(`INSERT INTO ${table} VALUES ($1, 1, 1, 1, 1, 1)`, [recipient]);

  it('are those where Postgres itself would put its recipients, of any id', async () => {
    const random = await shards[0]!.query<{ id: string }>(
      `SELECT (n * 9223372036854775.807 * (1 - 2 * (n % 2)))::bigint AS id FROM generate_series(1, 1000) AS n`,
    );
    const ids = [...IDS, ...random.rows.map(({ id }) => id)];
    const { rows } = await shards[0]!.query<{ id: string }>(
      `SELECT id FROM unnest($1::bigint[], $2::int[]) AS given (id, bucket)
       WHERE NOT satisfies_hash_partition('activities'::regclass, $3, bucket, id)`,
      [ids, ids.map((id) => bucketOf(id)), BUCKET_COUNT],
    );
    expect(rows).toEqual([]);
    expect(new Set(ids.map((id) => bucketOf(id))).size).toBe(BUCKET_COUNT);
  });

  it('are those of its own buckets, half of them each', async () => {
    const buckets = Array.from({ length: BUCKET_COUNT }, (_, bucket) => bucket);
    for (const [number, shard] of shards.entries()) {
      const { rows } = await shard.query<{ leaf: string }>(LEAVES);
      expect(rows.map(({ leaf }) => leaf)).toEqual(buckets.filter((b) => b % 2 === number).map(leafOf));
    }
  });

  it('refuse whom another partition or another shard has', async () => {
    const [mine, other] = [
      IDS.find((id) => bucketOf(id) % 2 === 0)!,
      IDS.find((id) => bucketOf(id) % 2 === 1)!,
    ];
    await expect(insert(shards[0]!, 'activities', other)).rejects.toMatchObject({ code: '23514' });
    const wrong = leafOf((bucketOf(mine) + 2) % BUCKET_COUNT);
    await expect(insert(shards[0]!, wrong, mine)).rejects.toMatchObject({ code: '23514' });
    await insert(shards[0]!, 'activities', mine);
    await expect(insert(shards[0]!, leafOf(bucketOf(mine)), mine)).rejects.toMatchObject({ code: '23505' });
  });

  it('are fenced, each by itself and all together', async () => {
    const { rows } = await shards[1]!.query<{ fenced: number; unfenced: number }>(
      `SELECT count(*) FILTER (WHERE fence IS NOT NULL)::int AS fenced, count(*) FILTER (WHERE fence IS NULL)::int AS unfenced
       FROM pg_partition_tree('activities') AS part
       LEFT JOIN pg_trigger AS fence ON fence.tgrelid = part.relid AND fence.tgname = 'pass_fence' AND fence.tgenabled = 'O'`,
    );
    expect(rows).toEqual([{ fenced: 1 + BUCKET_COUNT / 2, unfenced: 0 }]);
  });

  it('answer the feed query from their index alone', async () => {
    const bucket = 6;
    const pages = perBucket(sqlFile(import.meta.url, '../../src/activities/sql/stream-page.sql'));
    const { rows: recipients } = await shards[0]!.query<{ id: string }>(
      `INSERT INTO activities SELECT id, 1, entry, 1, 7, entry FROM generate_series(1::bigint, 20000) AS id, generate_series(1, 40) AS entry
       WHERE satisfies_hash_partition('activities'::regclass, $1, $2, id) RETURNING recipient_id AS id`,
      [BUCKET_COUNT, bucket],
    );
    const last = '9223372036854775807';
    const explain = async () => {
      // Whatever else runs in the database keeps a vacuum from marking pages: it is repeated.
      await shards[0]!.query('VACUUM (ANALYZE) activities');
      const { rows } = await shards[0]!.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${pages[bucket]!.text}`, [
        recipients[0]!.id,
        1,
        last,
        '32767',
        last,
        20,
      ]);
      return rows[0]['QUERY PLAN'][0].Plan.Plans;
    };
    await expect.poll(explain, { timeout: 20_000 }).toMatchObject([
      {
        'Node Type': 'Index Only Scan',
        'Heap Fetches': 0,
        'Actual Rows': 20,
        'Index Name': `${leafOf(bucket)}_pkey`,
      },
    ]);
  });
});

describe('an installation from before there were partitions', () => {
  const ROWS = 30_000;
  let environment: TestEnvironment;
  let shards: pg.Client[];

  beforeAll(async () => {
    environment = await createStores();
    const empty = shardUrls(environment).map((url) => `${url}_old`);
    const admin = await connectTo(maintenanceUrl(inject('stack').databaseUrl));
    for (const url of empty) await admin.query(`CREATE DATABASE ${new URL(url).pathname.slice(1)}`);
    await admin.end();
    environment.ACTIVITY_SHARD_URLS = empty.join(',');
    for (const [number, url] of empty.entries()) {
      await migrateDatabase(
        `shard-${number}`,
        url,
        shardMigrations.slice(0, shardMigrations.indexOf(Partitions1763825000000)),
      );
    }
    shards = await Promise.all(empty.map(connectTo));
    for (const [number, shard] of shards.entries()) {
      await shard.query(
        `INSERT INTO activities SELECT id, 1 + id % 3, entry, 1 + id % 2, 7, entry
         FROM generate_series($1::int, $2::int, 2) AS id, generate_series(1, 3) AS entry`,
        [number + 1, (ROWS / 3) * 2],
      );
    }
  });
  afterAll(() => Promise.all(shards.map((shard) => shard.end())));

  const everything = async () => {
    const answers = await Promise.all(
      shards.map((shard) =>
        shard.query<{ row: string; id: string }>(
          'SELECT activities::text AS row, recipient_id AS id FROM activities',
        ),
      ),
    );
    return answers.map(({ rows }) => rows);
  };
  const migrate = (report?: () => void) => migrateAll(Config.from(environment), false, report);

  it('is brought to partitions with all its rows, even when that is cut off', async () => {
    const before = (await everything())
      .flat()
      .map(({ row }) => row)
      .sort();
    expect(before).toHaveLength(ROWS * 2);
    const cut = await migrate(() => {
      throw new Error('cut off');
    });
    expect(cut.map(({ error }) => error)).toEqual([undefined, 'cut off', 'cut off']);
    expect(await migrate()).toMatchObject([{ applied: [] }, { applied: [] }, { applied: [] }]);
    const after = await everything();
    expect(
      after
        .flat()
        .map(({ row }) => row)
        .sort(),
    ).toEqual(before);
    for (const [number, rows] of after.entries()) {
      expect(rows.filter(({ id }) => bucketOf(id) % 2 !== number)).toEqual([]);
    }
    for (const shard of shards) {
      expect((await shard.query(`SELECT to_regclass('activities_unsorted') AS left`)).rows).toEqual([
        { left: null },
      ]);
    }
  });

  it('can be taken back to plain tables', async () => {
    const before = (await everything()).map((rows) => rows.map(({ row }) => row).sort());
    const migration = new Partitions1763825000000();
    for (const shard of shards) {
      await migration.down({ query: (text: string) => shard.query(text) } as never);
      expect((await shard.query(LEAVES)).rows).toEqual([]);
    }
    expect((await everything()).map((rows) => rows.map(({ row }) => row).sort())).toEqual(before);
  });
});
