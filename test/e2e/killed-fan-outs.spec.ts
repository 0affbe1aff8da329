import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from '../support/client.js';
import { importFollowers } from '../support/followers.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';

/** Each takes a new worker, and starting it is what takes the time; `KILLS=50` asks for a longer proof. */
const KILLS = Number(process.env.KILLS ?? 8);
const FOLLOWERS = 2_000;
const CHUNK_SIZE = 20;
const WORKERS = 2;
const PATIENCE = { timeout: 90_000, interval: 5 };

describe('workers that are killed in the middle of a fan-out', () => {
  let environment: TestEnvironment;
  let http: ProductProcess;
  let author: Client;
  let primary: pg.Client;
  let shards: pg.Client[];
  const workers: ProductProcess[] = [];

  beforeAll(async () => {
    environment = await createStores({ FANOUT_CHUNK_SIZE: String(CHUNK_SIZE) });
    http = await ProductProcess.start('main', { ...environment, ROLES: 'http' });
    author = await http.signUp('author');
    await importFollowers(environment, 'author', FOLLOWERS);
    primary = await connectTo(environment.DATABASE_URL!);
    shards = await Promise.all(environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
    for (let i = 0; i < WORKERS; i++) workers.push(await ProductProcess.start('worker', environment));
  });
  afterAll(async () => {
    await Promise.all([http, ...workers].map((running) => running.stop()));
    await Promise.all([primary, ...shards].map((client) => client.end()));
  });

  const receiptOf = async (post: Id) =>
    (await primary.query<Record<string, unknown>>('SELECT * FROM fanouts WHERE post_id = $1', [post]))
      .rows[0];

  /** Kills a worker while a post is being delivered, and puts another in its place. @returns the post */
  const killDuring = async (round: number): Promise<Id> => {
    const { status, body } = await author.post('/v1/posts', { body: `round ${round}` });
    expect(status).toBe(201);
    const post = body.id as Id;
    // Each time at another place: from the first chunks to the middle.
    const after = (round * 7) % (FOLLOWERS / CHUNK_SIZE / 2);
    await expect.poll(async () => (await receiptOf(post))?.chunks_done, PATIENCE).toBeGreaterThan(after);
    const victim = workers.shift()!;
    victim.kill('SIGKILL');
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await receiptOf(post), 'killed while it was under way').toMatchObject({ state: 'running' });
    workers.push(await ProductProcess.start('worker', environment));
    return post;
  };

  const recipientsOf = async (post: Id): Promise<Id[]> => {
    const text = 'SELECT recipient_id AS id FROM activities WHERE subject_id = $1 AND kind = 1';
    const answers = await Promise.all(shards.map((shard) => shard.query<{ id: Id }>(text, [post])));
    return answers.flatMap(({ rows }) => rows.map(({ id }) => id)).sort();
  };

  it(
    `deliver to everybody exactly once, and the receipts add up, ${KILLS} times`,
    async () => {
      const posts: Id[] = [];
      for (let round = 0; round < KILLS; round++) posts.push(await killDuring(round));
      const outbox = 'SELECT count(*)::int AS size FROM outbox';
      await expect
        .poll(async () => (await primary.query<{ size: number }>(outbox)).rows[0]!.size, PATIENCE)
        .toBe(0);
      const followers = 'SELECT owner_id AS id FROM relationships WHERE subject_id = $1';
      const { rows } = await primary.query<{ id: Id }>(followers, [author.id]);
      const everybody = rows.map(({ id }) => id).sort();
      expect(everybody).toHaveLength(FOLLOWERS);
      for (const post of posts) {
        expect(await recipientsOf(post)).toEqual(everybody);
        const chunks = FOLLOWERS / CHUNK_SIZE;
        expect(await receiptOf(post)).toMatchObject({ state: 'done', chunks, chunks_done: chunks });
        expect(await receiptOf(post)).toMatchObject({ expected: FOLLOWERS, written: FOLLOWERS, skipped: 0 });
      }
      expect((await primary.query('SELECT FROM fanout_chunks')).rowCount, 'chunks left over').toBe(0);
      const told = await ProductProcess.run('cli', environment, ['fanout', 'receipt', posts[0]!, '--json']);
      const skipped = { blocked: 0, muted: 0, left: 0, dormant: 0 };
      expect(JSON.parse(told.stdout)).toMatchObject({
        state: 'done',
        written: FOLLOWERS,
        skipped,
        chunksLeft: 0,
      });
      const unknown = await ProductProcess.run('cli', environment, ['fanout', 'receipt', '1']);
      expect(unknown).toMatchObject({ code: 1, stderr: 'sluice: there is no post 1\n' });
    },
    60_000 + KILLS * 20_000,
  );
});
