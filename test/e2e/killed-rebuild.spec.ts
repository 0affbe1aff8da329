import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { MirrorVerification } from '../../src/relationships/mirror-verification.js';
import { Relationships } from '../../src/relationships/relationships.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PEOPLE = 4_000;
const FOLLOWS_EACH = 100;
const KINDS = ['friend', 'noise', 'block', 'mute', null] as const;

describe('a rebuild that is killed in the middle', () => {
  let app: TestApp;
  let ids: string[];

  beforeAll(async () => {
    // Without a worker, nobody goes on with the rebuild but the command.
    app = await TestApp.start({ ROLES: 'http' });
    const client = await connectTo(app.environment.DATABASE_URL!);
    await client.query(`INSERT INTO users (username) SELECT 'p' || n FROM generate_series(1, $1::int) AS n`, [
      PEOPLE,
    ]);
    ids = (await client.query<{ id: string }>('SELECT id FROM users ORDER BY id')).rows.map(({ id }) => id);
    // Everybody follows those who come next, every seventh of them as noise.
    await client.query(
      `INSERT INTO relationships (owner_id, subject_id, kind)
       SELECT ($1::bigint[])[n], ($1::bigint[])[1 + (n + step - 1) % $2], CASE WHEN step % 7 = 0 THEN 2 ELSE 1 END
       FROM generate_series(1, $2) AS n, generate_series(1, $3) AS step`,
      [ids, PEOPLE, FOLLOWS_EACH],
    );
    await client.query(
      `INSERT INTO graph_owners (owner_id, version, friends, noise, changed_at)
       SELECT owner_id, 1, count(*) FILTER (WHERE kind = 1), count(*) FILTER (WHERE kind = 2), now() - interval '1 day'
       FROM relationships GROUP BY owner_id`,
    );
    await client.query('ANALYZE');
    await client.end();
  });
  afterAll(() => app.stop());

  /** Changes of owners and subjects from everywhere, so that some lie before the point from which it goes on. */
  async function changeSomething(from: number): Promise<void> {
    for (let n = from; n < from + 60; n++) {
      const owner = ids[(n * 67) % PEOPLE]!;
      const subject = ids[(n * 67 + 1 + ((n * 13) % 150)) % PEOPLE]!;
      const kind = KINDS[n % KINDS.length] ?? null;
      if (kind) await app.get(Relationships).set(owner, subject, kind).catch(ignoreBlocks);
      else await app.get(Relationships).remove(owner, subject);
    }
  }

  it('is gone on with, and exact although people went on meanwhile', { timeout: 180_000 }, async () => {
    const { client } = app.get(GraphRedis);
    const { keys } = app.get(Mirror);
    const command = spawn(
      process.execPath,
      ['dist/src/cli.js', 'rebuild-redis-cache', '--throttle', '3000'],
      {
        env: { PATH: process.env.PATH, ...app.environment },
        stdio: 'ignore',
      },
    );
    const ended = once(command, 'exit');
    await vi.waitFor(
      async () => expect(Number(await client.hget(keys.rebuildState, 'reach'))).toBeGreaterThan(0),
      {
        timeout: 30_000,
        interval: 5,
      },
    );
    await changeSomething(0);
    // Past the first point from which it can go on, and before the end.
    await vi.waitFor(
      async () => expect(Number(await client.hget(keys.rebuildState, 'cursor'))).toBeGreaterThan(0),
      {
        timeout: 30_000,
        interval: 5,
      },
    );
    command.kill('SIGKILL');
    expect((await ended)[1]).toBe('SIGKILL');
    expect(await client.hget(keys.rebuildState, 'phase')).toBe('fill');
    expect(await app.get(Mirror).currentEpoch()).toBeUndefined();
    await changeSomething(60);

    // The killed one's hold on the rebuild runs out by itself.
    await vi.waitFor(async () => expect(await client.exists(keys.rebuild)).toBe(0), { timeout: 30_000 });
    const dry = await ProductProcess.run('cli', app.environment, ['rebuild-redis-cache', '--dry-run']);
    expect(dry.stdout).toMatch(/cut off at \d+ relationships/);
    const resumed = ProductProcess.run('cli', app.environment, [
      'rebuild-redis-cache',
      '--compare',
      'all',
      '--json',
    ]);
    const changes = changeSomething(120);
    const { code, stdout, stderr } = await resumed;
    await changes;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      users: PEOPLE,
      compared: PEOPLE,
      mismatches: 0,
      resumed: true,
    });
    const { users, drift } = await app.get(MirrorVerification).run({ users: 'all' });
    expect([users, drift]).toEqual([PEOPLE, []]);
    expect(await client.exists(keys.rebuildState)).toBe(0);
  });
});

function ignoreBlocks(error: { key?: string }): void {
  if (error.key !== 'not-found') throw error as Error;
}
