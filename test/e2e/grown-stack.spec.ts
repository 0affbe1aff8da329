import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ProductProcess } from '../support/processes.js';
import type { TestEnvironment } from '../support/stores.js';

const PATIENCE = { timeout: 60_000, interval: 100 };

/** `npm start` on a folder of its own: each start listens on other ports. */
describe('an embedded stack that has grown', () => {
  let environment: TestEnvironment;
  let dataDir: string;
  let main: ProductProcess | undefined;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sluice-grown-'));
    environment = {
      SLUICE_DATA_DIR: dataDir,
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      OUTBOX_SWEEP_MS: '100',
      RATE_LIMIT_PER_MINUTE: '1000000',
    };
  });
  afterEach(async () => {
    main?.kill('SIGTERM');
    await main?.ended;
    main = undefined;
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  const start = async () => (main = await ProductProcess.start('main', environment));
  const sluice = async (...args: string[]) => {
    const { code, stdout, stderr } = await ProductProcess.run('cli', environment, [...args, '--json']);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const shards = async () => {
    const { shards: all } = await sluice('shards', 'list', '--seconds', '1');
    return (all as { name: string; unavailable: unknown; buckets: number[] }[]).map(
      ({ name, unavailable, buckets }) => ({ name, unavailable, buckets: buckets.length }),
    );
  };

  it('has its new shard after a restart, with what was moved there, which can still be taken back', async () => {
    const first = await start();
    const joan = await first.signUp('joan');
    const mary = await first.signUp('mary');
    expect((await mary.follow(joan)).status).toBe(200);
    expect((await joan.post('/v1/posts', { body: 'before the restart' })).status).toBe(201);
    expect(await sluice('shards', 'add')).toMatchObject({ shard: 2, name: 'shard-2' });
    const move = await sluice('shards', 'split', '--from', '0', '--to', '2');
    expect(move).toMatchObject({ state: 'moved', error: null });
    const { length: moved } = move.buckets as number[];
    first.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0 });

    const second = await start();
    expect(await shards()).toEqual([
      { name: 'shard-0', unavailable: null, buckets: 32 - moved },
      { name: 'shard-1', unavailable: null, buckets: 32 },
      { name: 'shard-2', unavailable: null, buckets: moved },
    ]);
    const people = await Promise.all(
      Array.from({ length: 12 }, (_, index) => second.signUp(`reader${index}`)),
    );
    const poster = second.client(joan.token, joan.id);
    for (const person of people) expect((await person.follow(poster)).status).toBe(200);
    expect((await poster.post('/v1/posts', { body: 'after the restart' })).status).toBe(201);
    expect(await sluice('shards', 'rollback')).toMatchObject({ id: move.id, state: 'returned', error: null });
    for (const person of people) {
      const bodies = async () =>
        ((await person.get('/v1/feeds/friends')).body.data as { post: { body: string } }[]).map(
          ({ post }) => post.body,
        );
      await expect.poll(bodies, PATIENCE).toEqual(['after the restart', 'before the restart']);
    }
  });
});
