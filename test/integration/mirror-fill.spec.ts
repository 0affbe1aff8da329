import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { MirrorVerification } from '../../src/relationships/mirror-verification.js';
import {
  COPY_COUNTS,
  COPY_SETS,
  PLANNER,
  relationshipsAfter,
} from '../../src/relationships/rebuild/copy-statements.js';
import { EpochFill } from '../../src/relationships/rebuild/epoch-fill.js';
import { intsetSize, writeIntset } from '../../src/relationships/rebuild/intset.js';
import { RebuildLock } from '../../src/relationships/rebuild/rebuild-lock.js';
import { type RebuildState, RebuildStateStore } from '../../src/relationships/rebuild/rebuild-state.js';
import { largestIntset } from '../../src/relationships/rebuild/restore-probe.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PEOPLE = 60;
/** More than a piece that is read at once, and than any set that is kept packed. */
const FOLLOWS_OF_ONE = 40_000;

describe('the fill of an epoch', () => {
  let app: TestApp;
  const accounts: string[] = [];
  const redis = () => app.get(GraphRedis).client;

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
  });
  afterAll(async () => {
    if (accounts.length > 0) await redis().acl('DELUSER', ...accounts);
    await app.stop();
  });

  /** Another process on the same stores, whose account in Redis is refused some commands. */
  async function withoutCommands(...commands: string[]): Promise<TestApp> {
    const name = `limited-${randomBytes(4).toString('hex')}`;
    accounts.push(name);
    await redis().acl(
      'SETUSER',
      name,
      'on',
      '>secret',
      '~*',
      '&*',
      '+@all',
      ...commands.map((one) => `-${one}`),
    );
    const url = new URL(app.environment.REDIS_URL!);
    [url.username, url.password] = [name, 'secret'];
    return TestApp.start({ ROLES: 'http', REDIS_URL: url.href }, app.environment);
  }

  async function sql(text: string, parameters: unknown[] = []): Promise<void> {
    const client = await connectTo(app.environment.DATABASE_URL!);
    await client.query(text, parameters).finally(() => client.end());
  }

  async function drift(): Promise<unknown[]> {
    return (await app.get(MirrorVerification).run({ users: 'all' })).drift;
  }

  it('reads along indexes, whether or not there are statistics', async () => {
    const client = await connectTo(app.environment.DATABASE_URL!);
    await client.query(`BEGIN; ${PLANNER}`);
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_statistic WHERE starelid IN ('relationships'::regclass, 'users'::regclass)`,
    );
    expect(rows).toEqual([{ n: 0 }]);
    for (const copy of [COPY_SETS(relationshipsAfter('7', 1_000)), COPY_COUNTS('7', 1_000)]) {
      const query = /^COPY \((.*)\) TO STDOUT/s.exec(copy)![1]!;
      const plan = (await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS off) ${query}`)).rows
        .map((row) => row['QUERY PLAN'])
        .join('\n');
      expect(plan).not.toMatch(/Sort|Hash|Seq Scan|Bitmap|Nested Loop/);
      expect(plan).toMatch(/Index Only Scan using relationships_(pkey|audience)/);
    }
    await client.end();
  });

  it('makes sets of which Redis cannot tell that they did not come by SADD', async () => {
    const key = `${app.environment.REDIS_PREFIX!}set`;
    for (const size of [1, 6, 7, 2_000, 3_000]) {
      for (const first of [1n, 10n ** 18n]) {
        const ids = Array.from({ length: size }, (_, n) => first + BigInt(3 * n));
        const bytes = Buffer.alloc(8 * size);
        ids.forEach((id, index) => bytes.writeBigInt64BE(id, 8 * index));
        const dump = Buffer.alloc(intsetSize(size));
        writeIntset(dump, 0, bytes, 0, size);
        await redis().restore(key, 0, dump);
        expect(await redis().object('ENCODING', key)).toBe('intset');
        expect(await redis().smembers(key)).toEqual(ids.map(String));
        expect(await redis().smismember(key, ids[0]!.toString(), `${first + 1n}`)).toEqual([1, 0]);
        expect(await redis().sadd(key, `${first + 1n}`, ids.at(-1)!.toString())).toBe(1);
        expect(await redis().srem(key, ids[0]!.toString(), `${first + 2n}`)).toBe(1);
        expect(await redis().smembers(key)).toEqual(
          [...ids.slice(1), first + 1n].sort((a, b) => (a < b ? -1 : 1)).map(String),
        );
        expect(await redis().sadd(key, 'no id')).toBe(1);
        expect(await redis().scard(key)).toBe(size + 1);
        await redis().del(key);
      }
    }
  });

  it('looks whether sets may be restored, and up to which size', async () => {
    const key = app.get(Mirror).keys.probe('e');
    expect(await largestIntset(redis(), key)).toBe(4_096);
    const silent = await withoutCommands('config');
    expect(await largestIntset(silent.get(GraphRedis).client, key)).toBe(512);
    const refused = await withoutCommands('restore');
    expect(await largestIntset(refused.get(GraphRedis).client, key)).toBe(0);
    expect(await redis().exists(key)).toBe(0);
    await silent.stop();
    await refused.stop();
  });

  it('restores sets, where it may, and adds members, where it has to', async () => {
    await sql(`INSERT INTO users (username) SELECT 'p' || n FROM generate_series(1, $1::int) AS n`, [PEOPLE]);
    await sql(
      `INSERT INTO relationships (owner_id, subject_id, kind)
       SELECT owner.id, subject.id, CASE (owner.id # subject.id) % 5 WHEN 0 THEN 2 WHEN 1 THEN 4 ELSE 1 END
       FROM users AS owner JOIN users AS subject ON owner.id <> subject.id`,
    );
    await sql(
      `INSERT INTO graph_owners (owner_id, version, friends, noise)
       SELECT owner_id, 1, count(*) FILTER (WHERE kind = 1), count(*) FILTER (WHERE kind = 2) FROM relationships GROUP BY owner_id`,
    );
    const restoring = await withoutCommands('sadd');
    expect(await restoring.get(MirrorRebuild).run({ compare: 'all' })).toMatchObject({
      users: PEOPLE,
      edges: PEOPLE * (PEOPLE - 1),
      mismatches: 0,
    });
    expect(await drift()).toEqual([]);
    const adding = await withoutCommands('restore');
    for (const gentle of [false, true]) {
      const built = await adding.get(MirrorRebuild).run({ compare: 'all', gentle });
      expect(built).toMatchObject({ edges: PEOPLE * (PEOPLE - 1), compared: PEOPLE });
      expect(await drift()).toEqual([]);
    }
    await adding.stop();

    // The ids need not be those of users: a set is a set.
    await sql(
      `INSERT INTO relationships (owner_id, subject_id, kind)
       SELECT id, 10 + n, 4 FROM (SELECT id FROM users ORDER BY id OFFSET $1 LIMIT 1) AS one, generate_series(1, $2::int) AS n`,
      [PEOPLE / 2, FOLLOWS_OF_ONE],
    );
    await expect(restoring.get(MirrorRebuild).run()).rejects.toThrow(/Redis refused a command: NOPERM.*sadd/);
    await restoring.stop();
    for (const gentle of [false, true]) {
      const built = await app.get(MirrorRebuild).run({ compare: 'all', gentle });
      expect(built).toMatchObject({ edges: PEOPLE * (PEOPLE - 1) + FOLLOWS_OF_ONE, compared: PEOPLE });
      expect(await drift()).toEqual([]);
    }
  });

  it('stops when there is already something where a set is to be', async () => {
    const { keys } = app.get(Mirror);
    const lock = (await RebuildLock.take(redis(), keys.rebuild, 'test'))!;
    const states = new RebuildStateStore(redis(), keys);
    const counted = { edges: 0, total: 0, startedAt: Date.now() };
    const state: RebuildState = { epoch: 'taken', phase: 'fill', cursor: '0', reach: '0', ...counted };
    const client = await connectTo(app.environment.DATABASE_URL!);
    const { rows } = await client.query<{ id: string }>('SELECT id FROM users ORDER BY id LIMIT 1');
    await client.end();
    await redis().sadd(keys.set('taken', rows[0]!.id, 'following'), '7');
    await expect(app.get(EpochFill).run(state, false, states, lock, {})).rejects.toThrow('BUSYKEY');
    await states.clear();
    await lock.release();
  });
});
