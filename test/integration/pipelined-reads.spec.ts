import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PipelinedReads } from '../../src/platform/database/pipelined-reads.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

describe('reads that go to Postgres together', () => {
  let app: TestApp;
  let reads: PipelinedReads;
  let other: pg.Client;
  const onBroken = vi.fn();

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    const url = app.environment.DATABASE_URL!;
    reads = new PipelinedReads({ connectionString: url, application_name: 'pipelined' }, onBroken);
    other = await connectTo(url);
  });
  afterAll(async () => {
    await Promise.all([reads.close(), other.end()]);
    await app.stop();
  });

  const ask = (name: string, text: string, ...values: unknown[]) => reads.rows({ name, text, values });
  const echo = (value: number) => ask('echo', 'SELECT $1::int, pg_backend_pid()', value);
  const pids = async () => {
    const { rows } = await other.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'pipelined'`,
    );
    return rows.map(({ pid }) => pid);
  };

  it('are each answered with what they asked for, over two connections', async () => {
    const numbers = Array.from({ length: 500 }, (_, number) => number);
    const rows = (await Promise.all(numbers.map(echo))).map(([row]) => row!);
    expect(rows.map(([number]) => number)).toEqual(numbers);
    expect(new Set(rows.map(([, pid]) => pid)).size).toBeLessThanOrEqual(2);
  });

  it('fail alone', async () => {
    const answers = await Promise.allSettled([
      echo(1),
      ask('divide', 'SELECT 1 / $1::int', 0),
      echo(2),
      ask('divide', 'SELECT 1 / $1::int', 1),
    ]);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value[0]![0] : 'failed'))).toEqual(
      [1, 'failed', 2, 1],
    );
  });

  it('say what is the matter, also behind one that was to prepare the same statement', async () => {
    const lost = () => ask('lost', 'SELECT FROM nowhere WHERE $1::int = 1', 1);
    const answers = await Promise.allSettled([lost(), lost(), echo(3), lost()]);
    expect(answers[2]).toMatchObject({ status: 'fulfilled' });
    for (const index of [0, 1, 3]) expect(answers[index]).toMatchObject({ reason: { code: '42P01' } });
    await other.query('CREATE TABLE nowhere ()');
    await expect(lost()).resolves.toEqual([]);
  });

  it('fail when their connection breaks, and the next ones get another', async () => {
    const sleeping = Array.from({ length: 3 }, () => ask('sleep', 'SELECT pg_sleep($1)', 30));
    let isOver = false;
    const settled = Promise.allSettled(sleeping).finally(() => (isOver = true));
    await expect
      .poll(async () => {
        for (const pid of await pids()) await other.query('SELECT pg_terminate_backend($1)', [pid]);
        return isOver;
      })
      .toBe(true);
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((await echo(4))[0]![0]).toBe(4);
  });

  it('are turned away when their turn does not come in time', async () => {
    const options = { connectionString: app.environment.DATABASE_URL!, connectionTimeoutMillis: 200 };
    const busy = new PipelinedReads(options, onBroken);
    const sleep = () => busy.rows({ text: 'SELECT pg_sleep(0.6)' });
    const first = sleep();
    await new Promise((resolve) => setImmediate(resolve));
    const second = sleep();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(busy.rows({ text: 'SELECT 1' })).rejects.toThrow('timeout exceeded');
    await Promise.all([first, second]);
    await expect(busy.rows({ text: 'SELECT 1' })).resolves.toEqual([[1]]);
    await busy.close();
  });

  it('fail when Postgres cannot be reached', async () => {
    const astray = new PipelinedReads({ connectionString: 'postgres://127.0.0.1:1/none' }, onBroken);
    await expect(astray.rows({ text: 'SELECT 1' })).rejects.toThrow();
    await astray.close();
  });
});
