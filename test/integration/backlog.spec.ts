import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backlog } from '../../src/fanout/backlog.js';
import type { Gate } from '../../src/fanout/gate.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Client } from '../support/client.js';
import { Crowd } from '../support/crowd.js';
import type { TestApp } from '../support/test-app.js';

const DEPTH = 5;
const PATIENCE = { timeout: 20_000 };
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

describe('the backlog behind a closed gate', () => {
  let crowd: Crowd;
  let app: TestApp;
  let gate: Gate;
  let admin: Client;

  beforeAll(async () => {
    crowd = await Crowd.gather(DEPTH);
    ({ app, gate, admin } = crowd);
  });
  afterAll(() => app.stop());

  it('keeps what does not fit into the queue in the outbox, and says how much waits', async () => {
    await gate.close({ reason: 'depth', by: 'A' });
    const posts = await Promise.all(Array.from({ length: 12 }, (_, i) => crowd.publish(`post ${i}`)));
    await expect.poll(async () => (await gate.status()).waiting, PATIENCE).toBe(DEPTH);
    const status = (await admin.get('/v1/admin/gate')).body;
    expect(status).toMatchObject({ state: 'closed', waiting: DEPTH, active: 0 });
    expect(status.backlog).toMatchObject({
      intents: 12,
      rows: 12 * crowd.fans.length,
      drainedInSeconds: null,
    });
    expect(status.backlog.redisUsedBytes).toBeGreaterThan(100_000);
    expect(status.oldestWaitingSeconds).toBeGreaterThan(0);
    // Rows that found no room have not been touched.
    const [row] = await app.get(PrimaryDatabase).query<{ untouched: number }>({
      name: 'test_untouched',
      text: 'SELECT count(*)::int AS untouched FROM outbox WHERE attempts = 0',
    });
    expect(row!.untouched).toBe(12 - DEPTH);
    await gate.open('A');
    await app.drained();
    for (const post of posts) expect(sum(await crowd.rowsOf(post))).toBe(crowd.fans.length);
    expect((await gate.status()).backlog).toMatchObject({ intents: 0, rows: 0, drainedInSeconds: 0 });
    const [latest] = (await admin.get('/v1/admin/gate/history?limit=1')).body.data;
    expect(latest).toMatchObject({ jobsWaiting: DEPTH, intentsWaiting: 12 });
  });

  it('measures how fast the backlog grows while it is closed', async () => {
    await gate.close({ reason: 'growth', by: 'A' });
    const grown = async () => {
      await crowd.publish();
      return (await gate.status()).backlog.growthPerMinute;
    };
    await expect.poll(grown, { timeout: 40_000, interval: 500 }).toBeGreaterThan(crowd.fans.length);
    await gate.open('A');
    await app.drained();
  });

  it('reckons from the last minute when Redis will be full, and when all will be delivered', async () => {
    const redis = new Redis(app.environment.REDIS_URL!);
    const primary = app.get(PrimaryDatabase);
    await gate.close({ reason: 'reckoning', by: 'A' });
    await crowd.publish();
    try {
      // As if the gate had been closed two minutes ago, and ten rows and 1 MB of Redis had been otherwise half a minute ago.
      const used = (await gate.status()).backlog.redisUsedBytes!;
      await primary.query({
        name: 'test_closed_earlier',
        text: `UPDATE gate_closings SET closed_at = closed_at - interval '2 minutes' WHERE opened_at IS NULL`,
      });
      await primary.query({ name: 'test_forget_samples', text: 'DELETE FROM backlog_samples' });
      await primary.query(
        {
          name: 'test_past_sample',
          text: `INSERT INTO backlog_samples (at, jobs, intents, rows, redis_bytes)
            VALUES (clock_timestamp() - interval '30 seconds', 0, 0, $1, $2)`,
        },
        [crowd.fans.length + 10, used - 1_000_000],
      );
      await redis.config('SET', 'maxmemory', String(used + 20_000_000));
      const { backlog } = await gate.status();
      // 1 MB in 30 s: the other 20 MB take ten minutes; 10 rows in 30 s: those that wait take 3 s each.
      expect(backlog.redisFullInSeconds! / 600).toBeCloseTo(1, 0);
      expect(backlog.growthPerMinute).toBeLessThan(0);
      expect(backlog.drainedInSeconds).toBeNull();
      const { status } = await app.get(Backlog).measure(true);
      expect(status.drainedInSeconds! / (3 * crowd.fans.length)).toBeCloseTo(1, 0);
    } finally {
      await redis.config('SET', 'maxmemory', '0');
      await redis.quit();
      await gate.open('A');
      await app.drained();
    }
  });

  it('knows how much memory the queue may use, where that is bounded', async () => {
    const redis = new Redis(app.environment.REDIS_URL!);
    expect((await gate.status()).backlog).toMatchObject({ redisMaxBytes: null, redisFullInSeconds: null });
    try {
      await redis.config('SET', 'maxmemory', '64gb');
      expect((await gate.status()).backlog.redisMaxBytes).toBe(64 * 2 ** 30);
    } finally {
      await redis.config('SET', 'maxmemory', '0');
      await redis.quit();
    }
  });
});
