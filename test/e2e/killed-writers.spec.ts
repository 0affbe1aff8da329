import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirrorVerification } from '../../src/relationships/mirror-verification.js';
import { TestApp } from '../support/test-app.js';

/** Each is a process of its own, and starting it is what takes the time; `KILLS=200` is for the patient. */
const KILLS = Number(process.env.KILLS ?? 60);
const AT_A_TIME = 3;
const PEOPLE = 30;

describe('processes that die between the commit and the mirror', () => {
  let app: TestApp;
  let ids: string[];

  beforeAll(async () => {
    app = await TestApp.start();
    await app.mirrored();
    ids = (await Promise.all(Array.from({ length: PEOPLE }, (_, i) => app.user(`person${i}`)))).map(
      ({ id }) => id,
    );
  });
  afterAll(() => app.stop());

  async function runWriter(seed: number): Promise<string | null> {
    const child = spawn(process.execPath, ['test/support/killed-writer.mjs', String(seed), ...ids], {
      env: { ...process.env, ...app.environment, DATABASE_POOL_SIZE: '5', SHARD_POOL_SIZE: '2' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return signal;
  }

  it(`leave no drift, ${KILLS} times`, { timeout: 600_000 }, async () => {
    const limit = pLimit(AT_A_TIME);
    const ends = await Promise.all(Array.from({ length: KILLS }, (_, seed) => limit(() => runWriter(seed))));
    expect(ends.filter((signal) => signal !== 'SIGKILL')).toEqual([]);
    await app.drained(60_000);
    const { users, drift } = await app.get(MirrorVerification).run({ users: 'all' });
    expect([users, drift]).toEqual([PEOPLE, []]);
  });
});
