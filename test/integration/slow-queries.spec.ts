import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SlowQueries } from '../../src/ops/slow-queries.js';
import type { Client } from '../support/client.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

describe('the report of slow queries', () => {
  let app: TestApp;
  let primary: pg.Client;
  let shard: pg.Client;
  let admin: Client;

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    primary = await connectTo(app.environment.DATABASE_URL!);
    shard = await connectTo(app.environment.ACTIVITY_SHARD_URLS!.split(',')[1]!);
    admin = await app.admin('root');
  });
  afterAll(async () => {
    await Promise.all([primary.end(), shard.end()]);
    await app.stop();
  });

  const report = async () => (await admin.get('/v1/admin/slow-queries')).body.databases;

  it('tells what cost most on the primary and on each shard, without values', async () => {
    await app.get(SlowQueries).reset();
    await shard.query(`SELECT pg_sleep(0.3), 'a secret' AS secret /* a secret */ -- a secret`);
    await shard.query(`SET application_name = 'another secret'`);
    await shard.query(`DO $body$ BEGIN PERFORM 'another secret'; END $body$`);
    for (let run = 0; run < 3; run++) await shard.query('SELECT generate_series(1, 10)');
    const databases = await report();
    expect(databases.map(({ database }: { database: string }) => database)).toEqual([
      'primary',
      'shard-0',
      'shard-1',
    ]);
    const { queries, unavailable } = databases[2];
    expect(unavailable).toBeNull();
    expect(queries.length).toBeLessThanOrEqual(10);
    expect(queries[0]).toMatchObject({
      calls: 1,
      rows: 1,
      query: expect.stringMatching(/^SELECT pg_sleep\(\$1\)/),
    });
    expect(queries[0].meanMs).toBeGreaterThan(290);
    expect(queries[0].share).toBeGreaterThan(0.5);
    const costs = queries.map(({ totalMs }: { totalMs: number }) => totalMs);
    expect(costs).toEqual([...costs].sort((a: number, b: number) => b - a));
    expect(queries.find(({ query }: { query: string }) => query.includes('generate_series'))).toMatchObject({
      calls: 3,
      rows: 30,
    });
    expect(JSON.stringify(await app.get(SlowQueries).costliest(100))).not.toMatch(/a secret|another secret/);
  });

  it('begins anew in these databases alone', async () => {
    await shard.query('SELECT 1 AS to_be_forgotten');
    await app.get(SlowQueries).reset();
    expect(JSON.stringify(await app.get(SlowQueries).costliest(100))).not.toContain('to_be_forgotten');
  });

  it('says where it has nothing to tell, and tells the rest', async () => {
    await shard.query('DROP EXTENSION pg_stat_statements');
    const databases = await report();
    expect(databases[2]).toEqual({
      database: 'shard-1',
      queries: [],
      unavailable: expect.stringMatching(/not installed/),
    });
    expect(databases[1]).toMatchObject({ unavailable: null });
    const { status } = await (await app.user('nobody')).get('/v1/admin/slow-queries');
    expect(status).toBe(403);
  });
});
