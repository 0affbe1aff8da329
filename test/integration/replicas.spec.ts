import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Replicas } from '../../src/activities/replicas.js';
import { ShardMoves } from '../../src/ops/shard-moves.js';
import { Config } from '../../src/platform/config/config.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import type { Client } from '../support/client.js';
import type { ReplicaServer } from '../support/replica-server.js';
import { ReplicatedStack } from '../support/replicated-stack.js';
import { connectTo, maintenanceUrl } from '../support/sql.js';
import type { TestEnvironment } from '../support/stores.js';
import { TestApp } from '../support/test-app.js';

const FANS = 12;

describe('replicas of the shards', () => {
  let replicated: ReplicatedStack;
  let server: ReplicaServer;
  let environment: TestEnvironment;
  let app: TestApp;
  let replica: pg.Client;
  let author: Client;
  let fans: Client[];

  beforeAll(async () => {
    replicated = await ReplicatedStack.start();
    ({ server, environment } = replicated);
    app = await TestApp.start({}, environment);
    replica = await connectTo(maintenanceUrl(server.url(environment.DATABASE_URL!)));
    replica.on('error', () => undefined);
    author = await app.user('author');
    fans = await Promise.all(Array.from({ length: FANS }, (_, i) => app.user(`fan${i}`)));
    for (const fan of fans) await fan.follow(author);
    await app.drained();
  });
  afterAll(async () => {
    await replica.end().catch(() => undefined);
    await app.stop();
    await replicated.stop();
  });

  const reads = async (source: 'replica' | 'shard') => {
    const { values } = await app.get(Metrics).replicatedReads.get();
    const counted = values.filter(({ labels }) => labels.source === source);
    return counted.reduce((sum, { value }) => sum + value, 0);
  };
  const reasons = () =>
    [0, 1].flatMap((shard) =>
      app
        .get(Replicas)
        .of(shard)
        .map(({ reason }) => reason),
    );
  const inUse = () => expect.poll(reasons, { timeout: 30_000 }).toEqual([undefined, undefined]);
  const post = async (body: string): Promise<string> =>
    (await author.post('/v1/posts', { body })).body.id as string;
  const idsOf = async (reader: Client, path = '/v1/feeds/friends') => {
    const { status, body } = await reader.get(path);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.page.complete).toBe(true);
    return body.data.map(({ id }: { id: string }) => id) as string[];
  };
  /** Everybody's feed begins with these. */
  const everyoneSees = async (expected: string[]) => {
    const feeds = await Promise.all(fans.map((fan) => idsOf(fan)));
    for (const feed of feeds) expect(feed.slice(0, expected.length)).toEqual(expected);
  };

  it('answer feeds and notifications, in turn with nobody, while they keep up', async () => {
    await inUse();
    const id = await post('first');
    await app.drained();
    const [before, shardBefore] = [await reads('replica'), await reads('shard')];
    await everyoneSees([id]);
    const notifications = await author.get('/v1/notifications');
    expect(notifications.body.data).toHaveLength(FANS);
    expect(await reads('replica')).toBeGreaterThan(before + FANS);
    expect(await reads('shard')).toBe(shardBefore);
  });

  it('leave no hole where a post was delivered that has not reached them', async () => {
    await inUse();
    await replica.query('SELECT pg_wal_replay_pause()');
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.unshift(await post(`behind ${i}`));
      // From here on nothing is merged any more: only the shard has the rows.
      await app.drained();
      await everyoneSees(ids);
    }
    expect(reasons()).not.toContain(undefined);
    const [before, shardBefore] = [await reads('replica'), await reads('shard')];
    await everyoneSees(ids);
    expect([await reads('replica'), await reads('shard')]).toEqual([before, shardBefore]);
    await replica.query('SELECT pg_wal_replay_resume()');
    await inUse();
    await everyoneSees(ids);
    expect(await reads('replica')).toBeGreaterThan(before);
  });

  it('show readers what they have done, and never less than they have seen', async () => {
    await inUse();
    let jolting = true;
    const jolts = (async () => {
      while (jolting) {
        await replica.query('SELECT pg_wal_replay_pause()');
        await new Promise((resolve) => setTimeout(resolve, 30));
        await replica.query('SELECT pg_wal_replay_resume()');
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    })();
    const before = await reads('replica');
    const [reader] = fans as [Client];
    const other = await app.user('other');
    const theirs = (await other.post('/v1/posts', { body: 'theirs' })).body.id;
    for (let round = 0; round < 6; round++) {
      const id = await post(`round ${round}`);
      await app.drained();
      await everyoneSees([id]);
      await reader.follow(other);
      expect(await idsOf(reader)).toContain(theirs);
      await app.drained();
      expect(await idsOf(reader)).toContain(theirs);
      await reader.delete(`/v1/relationships/${other.id}`);
      expect(await idsOf(reader)).not.toContain(theirs);
      await reader.put(`/v1/posts/${id}/love`);
      await app.drained();
      expect((await author.get('/v1/notifications?kind=love')).body.data[0]).toMatchObject({
        post: { id },
        actor: { id: reader.id },
      });
      await author.delete(`/v1/posts/${id}`);
      expect(await idsOf(reader)).not.toContain(id);
    }
    jolting = false;
    await jolts;
    expect(await reads('replica')).toBeGreaterThan(before);
  });

  it('follow a bucket that moves to another shard', async () => {
    await inUse();
    const moves = app.get(ShardMoves);
    const router = app.get(ShardRouter);
    const [, reader] = fans as [Client, Client];
    const bucket = bucketOf(reader.id);
    const target = 1 - router.numberOf(router.ownerOf(bucket));
    let watching = true;
    let seen = 0;
    const watch = (async () => {
      for (; watching; seen++) {
        const id = await post(`while it moves ${seen}`);
        await app.drained();
        expect((await idsOf(reader))[0]).toBe(id);
      }
    })();
    const { id, finished } = await moves.start([bucket], target, 'A');
    await finished;
    expect((await moves.find(id)).state).toBe('moved');
    expect(router.numberOf(router.ownerOf(bucket))).toBe(target);
    const before = seen;
    await expect.poll(() => seen, { timeout: 30_000 }).toBeGreaterThan(before + 3);
    watching = false;
    await watch;
    await (
      await moves.finish(id)
    ).finished;
    const read = await reads('replica');
    await idsOf(reader);
    expect(await reads('replica')).toBe(read + 1);
  });

  it('are told of to operators, without the way in', async () => {
    await inUse();
    const admin = await app.user('root');
    const primary = await connectTo(environment.DATABASE_URL!);
    await primary.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [admin.id]);
    await primary.end();
    const { body } = await admin.get('/v1/admin/shards?seconds=1');
    const { host, password } = new URL(server.url(environment.DATABASE_URL!));
    expect(body.shards[0].replicas).toEqual([
      {
        name: 'shard-0-replica-0',
        place: `${host}/sluice_shard_1`,
        unreadable: null,
        lagBytes: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(body)).not.toContain(password);
    const exposed = await app.get(Metrics).registry.metrics();
    expect(exposed).toContain('sluice_replica_readable{replica="shard-1-replica-0"} 1');
  });

  it('are not read where they are none, or of something else', async () => {
    const [first, second] = environment.ACTIVITY_SHARD_URLS!.split(',') as [string, string];
    const urls = `0=${first},0=${server.url(second)},1=${server.url(second)}`;
    const odd = await TestApp.start({ ACTIVITY_REPLICA_URLS: urls, ROLES: 'http' }, environment);
    await expect
      .poll(
        () =>
          [0, 1].flatMap((shard) =>
            odd
              .get(Replicas)
              .of(shard)
              .map(({ reason }) => reason),
          ),
        {
          timeout: 30_000,
        },
      )
      .toEqual([
        'it is no replica: it takes writes itself',
        'it is a replica of another database',
        undefined,
      ]);
    await odd.stop();
    const unknown = Config.from({ ...environment, ACTIVITY_REPLICA_URLS: `7=${server.url(second)}` });
    await expect(
      new Replicas(unknown, app.get(ShardRouter), app.get(Metrics)).onModuleInit(),
    ).rejects.toThrow(/a replica of shard 7, which there is not/);
  });

  it('may die without an error for anybody', async () => {
    await inUse();
    let reading = true;
    let answers = 0;
    const readers = fans.map(async (fan) => {
      for (; reading; answers++) await idsOf(fan);
    });
    await expect.poll(() => answers, { timeout: 30_000 }).toBeGreaterThan(2 * FANS);
    // In the middle of reads: some wait for it, between one statement and the next.
    await replica.query('SELECT pg_wal_replay_pause()');
    await post('meanwhile');
    const waiting = `SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = 'sluice'`;
    await expect
      .poll(async () => (await replica.query(waiting)).rowCount, { timeout: 30_000, interval: 5 })
      .toBeGreaterThan(0);
    await server.kill();
    await expect.poll(reasons, { timeout: 30_000 }).not.toContain(undefined);
    const since = answers;
    await expect.poll(() => answers, { timeout: 30_000 }).toBeGreaterThan(since + 2 * FANS);
    reading = false;
    await Promise.all(readers);
    const id = await post('after it');
    await app.drained();
    await everyoneSees([id]);
  });
});
