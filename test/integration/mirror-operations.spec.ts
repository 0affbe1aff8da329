import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { MirrorComparison } from '../../src/relationships/audit/mirror-comparison.js';
import { GraphStore } from '../../src/relationships/graph-store.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { Accounts } from '../../src/users/accounts.js';
import { GraphView } from '../../src/users/graph-view.js';
import type { Client } from '../support/client.js';
import { ProductProcess } from '../support/processes.js';
import { TestApp } from '../support/test-app.js';

describe('the mirror, read and operated', () => {
  let app: TestApp;
  let people: Client[];
  let ids: string[];

  beforeAll(async () => {
    // No worker: nothing but the test reads and mends the mirror.
    app = await TestApp.start({ ROLES: 'http' });
    people = await Promise.all(Array.from({ length: 8 }, (_, i) => app.user(`person${i}`)));
    ids = people.map(({ id }) => id);
    for (const [i, person] of people.entries()) {
      await person.follow(people[(i + 1) % people.length]!);
      await person.follow(people[(i + 2) % people.length]!, 'noise');
    }
    await app.get(MirrorRebuild).run({ compare: 'all' });
  });
  afterAll(() => app.stop());

  const cli = (...args: string[]) => ProductProcess.run('cli', app.environment, args);
  const epoch = async () => (await app.get(Mirror).currentEpoch())!;
  /** Takes away whom a person follows, behind the mirror's back. */
  async function spoil(user: string): Promise<void> {
    const { keys } = app.get(Mirror);
    expect(await app.get(GraphRedis).client.del(keys.set(await epoch(), user, 'following'))).toBe(1);
  }

  it('looks up a hundred users in one round trip', async () => {
    const many = await Promise.all(Array.from({ length: 92 }, (_, i) => app.user(`many${i}`)));
    const asked = [...people.slice(1), ...many, people[0]!].map(({ id }) => id);
    expect(asked).toHaveLength(100);
    await app.get(Mirror).load(await epoch(), asked);
    const { client } = app.get(GraphRedis);
    const sent = vi.spyOn(client, 'sendCommand');
    const { body } = await people[0]!.post('/v1/relationships/lookup', { ids: asked });
    const graph = sent.mock.calls.filter(([{ args }]) => args.some((arg) => String(arg).includes('graph:')));
    sent.mockRestore();
    expect(graph).toHaveLength(1);
    expect(body.data).toHaveLength(100);
    expect(body.data.slice(0, 3)).toEqual([
      { id: ids[1], kind: 'friend', followsMe: false },
      { id: ids[2], kind: 'noise', followsMe: false },
      { id: ids[3], kind: null, followsMe: false },
    ]);
    expect((await people[0]!.post('/v1/relationships/lookup', { ids: [...asked, '1'] })).status).toBe(400);
  });

  it('asks Postgres the same question once, and only so many at a time, while there is no mirror', async () => {
    const { client } = app.get(GraphRedis);
    const { keys } = app.get(Mirror);
    const store = app.get(GraphStore);
    const facts = store.facts.bind(store);
    let [running, most, asked] = [0, 0, 0];
    const spy = vi.spyOn(store, 'facts').mockImplementation(async (...args) => {
      asked++;
      most = Math.max(most, ++running);
      return facts(...args).finally(() => running--);
    });
    const before = await epoch();
    await client.hdel(keys.epoch, 'current');
    const same = await Promise.all(
      Array.from({ length: 50 }, () => app.get(GraphView).standings(ids[0]!, ids)),
    );
    expect(asked).toBe(1);
    expect(new Set(same.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await Promise.all(
      ids.flatMap((viewer) =>
        ids.map((other) => app.get(GraphView).standings(viewer, [other, viewer, ids[0]!])),
      ),
    );
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
    await client.hset(keys.epoch, 'current', before);
    spy.mockRestore();
  });

  it(
    'verifies: exits 1 with each kind of difference and examples, and repairs',
    { timeout: 180_000 },
    async () => {
      expect(await cli('verify-redis-cache')).toMatchObject({ code: 0, stderr: '' });
      await spoil(ids[1]!);
      const found = await cli('verify-redis-cache');
      expect(found).toMatchObject({ code: 1, stderr: '' });
      expect(found.stdout).toContain(`following: 1\n  user ${ids[1]}: 2 lacking (`);
      expect(found.stdout).toMatch(/\d+ users compared, 1 differ\n$/);
      const one = await cli('verify-redis-cache', '--user', 'person1', '--json');
      expect(one.code).toBe(1);
      expect(JSON.parse(one.stdout)).toMatchObject({
        users: 1,
        drift: [{ userId: ids[1], kind: 'following' }],
      });
      expect((await cli('verify-redis-cache', '--user', 'person2')).code).toBe(0);
      expect((await cli('verify-redis-cache', '--sample', '5')).stdout).toMatch(
        /^\d+ users compared|following: 1/,
      );
      const repaired = await cli('verify-redis-cache', '--repair');
      expect(repaired.stdout).toMatch(/1 differ, 1 repaired\n$/);
      expect(repaired.code).toBe(0);
      expect(await cli('verify-redis-cache')).toMatchObject({ code: 0 });
      expect(await cli('verify-redis-cache', '--user', 'nobody')).toMatchObject({
        code: 1,
        stderr: 'sluice: there is no user nobody\n',
      });
      expect((await cli('verify-redis-cache', '--sample', '0')).stderr).toContain(
        'expected a whole number from 1',
      );
    },
  );

  it('rebuilds one user, says what it would do, and holds its pace down', { timeout: 180_000 }, async () => {
    const before = await epoch();
    const dry = await cli('rebuild-redis-cache', '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toMatchObject({ users: 100, ready: true });
    await spoil(ids[2]!);
    expect((await cli('rebuild-redis-cache', '--user', 'person2')).stdout).toMatch(
      /person2: \d+ differences, repaired/,
    );
    expect((await cli('rebuild-redis-cache', '--user', 'person2')).stdout).toBe('person2 was right\n');
    expect(await epoch()).toBe(before);
    const began = performance.now();
    const held = await cli('rebuild-redis-cache', '--throttle', '50', '--json');
    // 16 sets and 100 users' counts at 50 a second.
    expect(performance.now() - began).toBeGreaterThan(2_000);
    expect(JSON.parse(held.stdout)).toMatchObject({ users: 100, edges: 16, mismatches: 0, resumed: false });
    expect((await cli('rebuild-redis-cache')).stdout).toMatch(
      /^100 users, 16 relationships in [\d.]+ s .*\nmismatches: 0 .*\nmemory: .* slowest command of Redis meanwhile: [A-Z|]+, at most [\d.]+ ms\n$/,
    );
  });

  it('rebuilds at an admin’s request, with progress to poll', async () => {
    const worker = await TestApp.start({ ROLES: 'worker', AUDIT_USERS_PER_SECOND: '0' }, app.environment);
    await app.get(Accounts).setRole('person0', 'admin');
    const before = await epoch();
    const route = '/v1/admin/redis-cache';
    expect((await people[1]!.post(`${route}/rebuild`)).status).toBe(403);
    const { status, body } = await people[0]!.post(`${route}/rebuild`);
    expect([status, body.ready]).toEqual([202, true]);
    await expect.poll(epoch, { timeout: 20_000 }).not.toBe(before);
    await expect
      .poll(async () => (await people[0]!.get(route)).body, { timeout: 20_000 })
      .toMatchObject({ ready: true, rebuild: null, last: { users: 100, edges: 16, mismatches: 0 } });
    await worker.stop();
  });

  it('audits: counts drift by kind, and mends it', async () => {
    const worker = await TestApp.start({ ROLES: 'worker', AUDIT_USERS_PER_SECOND: '1000' }, app.environment);
    await spoil(ids[3]!);
    const following = /^sluice_mirror_drift_total\{kind="following"\} (\d+)$/m;
    const counted = async () => following.exec(await worker.get(Metrics).registry.metrics())?.[1];
    await expect.poll(counted, { timeout: 30_000 }).toBe('1');
    await expect
      .poll(async () => app.get(MirrorComparison).compare(await epoch(), ids), { timeout: 20_000 })
      .toEqual([]);
    await worker.stop();
  });
});
