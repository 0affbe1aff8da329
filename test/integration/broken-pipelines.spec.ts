import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PipelinedReads } from '../../src/platform/database/pipelined-reads.js';
import { isPassing } from '../../src/platform/http/to-problem.js';
import { findPgbouncer, PgBouncer, pgbouncerMissing } from '../support/pgbouncer.js';
import { connectTo } from '../support/sql.js';
import { createStores, type TestEnvironment } from '../support/stores.js';
import { TcpRelay } from '../support/tcp-relay.js';

const SLEEP = 'SELECT pg_sleep(60)::text';

let stores: TestEnvironment;
let relay: TcpRelay;
let other: pg.Client;
const open: PipelinedReads[] = [];

beforeAll(async () => {
  stores = await createStores();
  relay = await TcpRelay.start(stores.DATABASE_URL!);
  other = await connectTo(stores.DATABASE_URL!);
});
afterEach(async () => {
  relay.release();
  await Promise.all(open.splice(0).map((reads) => reads.close()));
});
afterAll(async () => {
  await other.end();
  await relay.stop();
});

const begin = (url: string, options: pg.PoolConfig = {}) => {
  const reads = new PipelinedReads(
    { connectionString: url, connectionTimeoutMillis: 20_000, ...options },
    () => undefined,
  );
  open.push(reads);
  /** Each is asked for its own number, unless it is a statement. */
  const ask = (...questions: (number | string)[]) =>
    Promise.allSettled(
      questions.map((question) =>
        typeof question === 'string'
          ? reads.rows({ text: question })
          : reads.rows({
              text: 'SELECT $1::int, pg_backend_pid()',
              values: [question],
            }),
      ),
    );
  return { reads, ask };
};
const numbers = (answers: PromiseSettledResult<unknown[][]>[]) =>
  answers.map((answer) => (answer.status === 'fulfilled' ? answer.value[0]![0] : 'failed'));
const reason = (answer: PromiseSettledResult<unknown> | undefined) =>
  answer?.status === 'rejected' ? (answer.reason as Error) : undefined;
const sleepers = async () => {
  const { rows } = await other.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND datname = current_database()`,
  );
  return rows.map(({ pid }) => pid);
};
const end = (pid: number | undefined) => other.query('SELECT pg_terminate_backend($1)', [pid]);

describe('reads on one connection', () => {
  it('outlive one that takes too long, which fails alone', async () => {
    const { ask } = begin(stores.DATABASE_URL!, { statement_timeout: 300, query_timeout: 20_000 });
    const [[, pid]] = ((await ask(0))[0] as PromiseFulfilledResult<unknown[][]>).value as [unknown[]];
    const answers = await ask(1, SLEEP, 2, 3);
    expect(numbers(answers)).toEqual([1, 'failed', 2, 3]);
    expect(reason(answers[1])).toMatchObject({ code: '57014' });
    expect(isPassing(reason(answers[1]))).toBe(true);
    // The connection is as good as before.
    for (const answer of await ask(4, 5))
      expect(answer).toMatchObject({ value: [[expect.any(Number), pid]] });
  });

  it('are told when the server falls silent, and those after them have the answers to their own questions', async () => {
    const { ask } = begin(relay.url, { query_timeout: 500, connectionTimeoutMillis: 500 });
    expect(numbers(await ask(1, 2))).toEqual([1, 2]);
    relay.hold();
    relay.holdNew();
    const lost = await ask(3, 4, 5);
    expect(numbers(lost)).toEqual(['failed', 'failed', 'failed']);
    for (const answer of lost) expect(isPassing(reason(answer)), String(reason(answer))).toBe(true);
    // No new connection comes about either, and nobody waits for one without end.
    const [turnedAway] = await ask(6);
    expect(isPassing(reason(turnedAway)), String(reason(turnedAway))).toBe(true);
    relay.release();
    expect(numbers(await ask(7, 8, 9))).toEqual([7, 8, 9]);
  });

  it('fail behind one whose session is ended, not before it, and the next ones have another', async () => {
    const { ask } = begin(stores.DATABASE_URL!);
    const asked = ask(1, SLEEP, 2);
    await expect.poll(sleepers, { timeout: 20_000 }).toHaveLength(1);
    await end((await sleepers())[0]);
    const answers = await asked;
    expect(numbers(answers)).toEqual([1, 'failed', 'failed']);
    for (const answer of answers.slice(1)) expect(isPassing(reason(answer))).toBe(true);
    expect(numbers(await ask(3, 4))).toEqual([3, 4]);
  });

  it('do not get the connection of a session that was ended, though its end was not heard of yet', async () => {
    const { ask } = begin(relay.url, { query_timeout: 5_000 });
    relay.hidesEnds = true;
    const asked = ask(1, SLEEP);
    await expect.poll(sleepers, { timeout: 20_000 }).toHaveLength(1);
    await end((await sleepers())[0]);
    expect(numbers(await asked)).toEqual([1, 'failed']);
    expect(numbers(await ask(2, 3))).toEqual([2, 3]);
  });
});

describe.skipIf(!findPgbouncer())(`reads through PgBouncer${pgbouncerMissing}`, () => {
  let bouncer: PgBouncer;

  beforeAll(async () => {
    bouncer = await PgBouncer.start(stores);
  });
  afterAll(() => bouncer.stop());

  it('are each answered with what they asked for, and fail alone', async () => {
    const { ask } = begin(bouncer.environment.DATABASE_URL!);
    const asked = Array.from({ length: 300 }, (_, number) => (number % 50 === 7 ? 'SELECT 1 / 0' : number));
    const expected = asked.map((question) => (typeof question === 'string' ? 'failed' : question));
    expect(numbers(await ask(...asked))).toEqual(expected);
  });

  it('fail behind one whose session is ended, and the next ones have another', async () => {
    const { ask } = begin(bouncer.environment.DATABASE_URL!);
    const asked = ask(1, SLEEP, 2);
    await expect.poll(sleepers, { timeout: 20_000 }).toHaveLength(1);
    await end((await sleepers())[0]);
    const answers = await asked;
    expect(numbers(answers).slice(0, 2)).toEqual([1, 'failed']);
    for (const answer of answers)
      if (answer.status === 'rejected') expect(isPassing(reason(answer)), String(reason(answer))).toBe(true);
    expect(numbers(await ask(3, 4))).toEqual([3, 4]);
  });
});
