import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { Recipient } from '../../src/activities/activity.js';
import { ShardAdditions } from '../../src/ops/shard-additions.js';
import { type MoveView, ShardMoves } from '../../src/ops/shard-moves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { ProductProcess } from '../support/processes.js';
import { emptyDatabase, leftovers, partitionsOf } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const BUCKETS = [0, 2, 4];
const HELD = 990;
const people = Array.from({ length: 320 }, (_, index): Recipient => ({
  id: String(index + 1),
  stream: 'friends',
}));
const moving = people.filter(({ id }) => BUCKETS.includes(bucketOf(id)));

/** The product serves HTTP in this process, so that nobody goes on with a move unless a test wants it. */
describe('a move of buckets, one of whose processes is killed', () => {
  let app: TestApp;
  let moves: ShardMoves;
  let primary: pg.Client;
  let holder: pg.Client;
  let shards: pg.Client[];
  let written = 0;
  const started: ProductProcess[] = [];

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    moves = app.get(ShardMoves);
    const url = await emptyDatabase(app.environment);
    await app.get(ShardAdditions).add({ url, by: 'a test' });
    const urls = [...app.environment.ACTIVITY_SHARD_URLS!.split(','), url];
    shards = await Promise.all(urls.map(connectTo));
    primary = await connectTo(app.environment.DATABASE_URL!);
    holder = await connectTo(app.environment.DATABASE_URL!);
    for (let i = 0; i < 10; i++) await write();
    await primary.query(`
      CREATE TABLE held (state text);
      CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM held WHERE state = NEW.state) THEN
          PERFORM pg_advisory_xact_lock(${HELD});
        END IF;
        RETURN NEW;
      END $$;
      CREATE FUNCTION hold_flip() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock(${HELD});
        RETURN NEW;
      END $$;
      CREATE TRIGGER hold BEFORE UPDATE OF state ON shard_moves FOR EACH ROW EXECUTE FUNCTION hold()`);
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.stop()));
  });
  afterAll(async () => {
    await Promise.all([primary, holder, ...shards].map((client) => client.end()));
    await app.stop();
  });

  const write = async () => {
    const entryId = String(1_000 + written);
    const event = { kind: 'post', entryId, actorId: '7', subjectId: entryId } as const;
    const outcome = await app.get(ActivityStore).write(event, people);
    expect(outcome).toEqual({ written: people.length, refused: [] });
    written++;
  };
  /** Everybody can be read and written, and has everything once. */
  const nothingIsMissing = async () => {
    await write();
    for (const { id, stream } of people.slice(0, 40))
      expect(await app.get(ActivityStore).page(id, stream, undefined, 10_000)).toHaveLength(written);
    const answers = await Promise.all(
      shards.map((shard) =>
        shard.query<{ rows: number; people: number; least: number }>(
          `SELECT sum(rows)::int AS rows, count(*)::int AS people, min(rows)::int AS least
           FROM (SELECT recipient_id, count(*) AS rows FROM activities GROUP BY 1) AS each`,
        ),
      ),
    );
    const sums = answers.map(({ rows }) => rows[0]!).filter(({ people: some }) => some > 0);
    expect(sums.reduce((sum, { people: some }) => sum + some, 0)).toBe(people.length);
    expect(sums.reduce((sum, { rows }) => sum + rows, 0)).toBe(people.length * written);
    expect(sums.map(({ least }) => least)).toEqual(sums.map(() => written));
  };
  /** While a move rests, its old owner has copies. */
  const nothingIsMissingBut = async (copied: readonly number[]) => {
    await write();
    const { readable } = await partitionsOf(shards[2]!);
    expect(readable).toEqual(copied);
    expect((await partitionsOf(shards[0]!)).readable.filter((bucket) => copied.includes(bucket))).toEqual([]);
    for (const { id, stream } of moving)
      expect(await app.get(ActivityStore).page(id, stream, undefined, 10_000)).toHaveLength(written);
  };
  const nothingIsLeft = async (owner: number) => {
    expect(await leftovers(shards)).toEqual([]);
    for (const [number, shard] of shards.entries()) {
      const { leaves, readable } = await partitionsOf(shard);
      expect(readable).toEqual(leaves);
      expect(BUCKETS.map((bucket) => leaves.includes(bucket))).toEqual(BUCKETS.map(() => number === owner));
    }
    await nothingIsMissing();
  };

  /** From now on a move comes no further than to the moment before it would be in this state. */
  const hold = async (state: string) => {
    await holder.query('SELECT pg_advisory_lock($1)', [HELD]);
    await primary.query('INSERT INTO held VALUES ($1)', [state]);
  };
  const holdFlip = async () => {
    await holder.query('SELECT pg_advisory_lock($1)', [HELD]);
    await primary.query(
      'CREATE TRIGGER hold_flip BEFORE UPDATE ON shard_buckets FOR EACH ROW EXECUTE FUNCTION hold_flip()',
    );
  };
  const isHeld = () =>
    expect
      .poll(
        async () =>
          (await primary.query('SELECT FROM pg_locks WHERE objid = $1 AND NOT granted', [HELD])).rowCount,
        PATIENCE,
      )
      .toBe(1);
  /** @param goes whether what was held still happens, as when a process dies before it hears of its commit */
  const release = async (goes: boolean) => {
    await primary.query('DELETE FROM held');
    if (!goes)
      await primary.query('SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = $1 AND NOT granted', [
        HELD,
      ]);
    await holder.query('SELECT pg_advisory_unlock($1)', [HELD]);
    await vi.waitFor(async () => {
      const waiting = await primary.query('SELECT FROM pg_locks WHERE objid = $1', [HELD]);
      expect(waiting.rowCount).toBe(0);
    }, PATIENCE);
  };
  const begin = (...args: string[]) => {
    const command = ProductProcess.begin('cli', app.environment, ['shards', ...args]);
    started.push(command);
    return command;
  };
  const beginMove = () => begin('move', ...BUCKETS.flatMap((one) => ['--bucket', String(one)]), '--to', '2');
  const newest = async (): Promise<MoveView> => (await moves.list())[0]!;
  const ended = async (act: Promise<{ id: string; finished: Promise<void> }>) => {
    const { id, finished } = await act;
    await finished;
    return moves.find(id);
  };
  /** Nobody waits until the dead process counts as dead. */
  const forget = () =>
    primary.query(`UPDATE shard_moves SET heartbeat_at = '-infinity' WHERE runner IS NOT NULL`);
  const resumed = async () => {
    await forget();
    return ended(moves.resume((await newest()).id));
  };
  const kill = async (command: ProductProcess) => {
    command.kill('SIGKILL');
    expect(await command.ended).toMatchObject({ signal: 'SIGKILL' });
  };
  /** Ends every session of a shard, but those of the test: replication, copying, whoever moves, writes and reads. */
  const killServerSessions = async (shard: number) => {
    const { rowCount } = await shards[shard]!.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'`,
    );
    expect(rowCount).toBeGreaterThan(0);
  };
  const rolledBack = async (id: string) => {
    expect(await ended(moves.rollback(id))).toMatchObject({ state: 'returned', error: null });
    await nothingIsLeft(0);
  };

  it.each([
    ['copying', true],
    ['comparing', false],
    ['switching', true],
    ['settling', false],
    ['moved', false],
  ] as const)('is carried on where the mover was killed before it was %s', async (state, goes) => {
    await hold(state);
    const mover = beginMove();
    await isHeld();
    await kill(mover);
    await release(goes);
    const move = await resumed();
    expect(move).toMatchObject({ state: 'moved', error: null, carriedOn: false });
    await write();
    await rolledBack(move.id);
  });

  it.each([
    ['copying', false],
    ['comparing', true],
    ['switching', true],
    ['settling', false],
  ] as const)('is given up where the mover was killed before it was %s', async (state, goes) => {
    await hold(state);
    const mover = beginMove();
    await isHeld();
    await kill(mover);
    await release(goes);
    await forget();
    expect(await ended(moves.abort((await newest()).id))).toMatchObject({ state: 'aborted', error: null });
    await nothingIsLeft(0);
  });

  it('opens again what nobody may write to because the mover was killed before the flip', async () => {
    await holdFlip();
    const mover = beginMove();
    await isHeld();
    await kill(mover);
    const event = { kind: 'post', entryId: '500', actorId: '7', subjectId: '500' } as const;
    const { refused } = await app.get(ActivityStore).write(event, moving);
    expect(refused.flatMap(({ recipients }) => recipients)).toHaveLength(moving.length);
    await release(false);
    await primary.query('DROP TRIGGER hold_flip ON shard_buckets');
    await forget();
    expect(await ended(moves.abort((await newest()).id))).toMatchObject({ state: 'aborted', error: null });
    await nothingIsLeft(0);
  });

  it.each([
    ['source', 'copying', 0],
    ['target', 'copying', 2],
    ['source', 'comparing', 0],
    ['target', 'switching', 2],
    ['source', 'settling', 0],
    ['target', 'settling', 2],
    ['source', 'moved', 0],
  ] as const)('is carried on when the sessions of the %s end before it is %s', async (_, state, shard) => {
    await hold(state);
    const move = moves.start(BUCKETS, 2, 'a test');
    await isHeld();
    await killServerSessions(shard);
    await release(true);
    await ended(move);
    if ((await newest()).state !== 'moved') await resumed();
    expect(await newest()).toMatchObject({ state: 'moved', error: null });
    await rolledBack((await newest()).id);
  });

  it.each([
    ['source', 'comparing', 0],
    ['target', 'comparing', 2],
  ] as const)('is given up when the sessions of the %s end before it is %s', async (_, state, shard) => {
    await hold(state);
    const move = moves.start(BUCKETS, 2, 'a test');
    await isHeld();
    await killServerSessions(shard);
    await release(true);
    await ended(move);
    if ((await newest()).state === 'moved') return rolledBack((await newest()).id);
    await ended(moves.abort((await newest()).id));
    expect(await newest()).toMatchObject({ state: 'aborted', error: null });
    await nothingIsLeft(0);
  });

  it.each([
    ['rollback', 'clearing', 'returned', 0],
    ['rollback', 'returned', 'returned', 0],
    ['finish', 'done', 'done', 2],
  ] as const)(
    'that is over is %sed although the command is killed before it is %s',
    async (verb, held, end, owner) => {
      expect(await ended(moves.start(BUCKETS, 2, 'a test'))).toMatchObject({ state: 'moved' });
      await hold(held);
      const command = begin(verb);
      await isHeld();
      await kill(command);
      await release(false);
      await write();
      expect(await resumed()).toMatchObject({ state: end, error: null });
      await nothingIsLeft(owner);
    },
  );

  it('is not disturbed by a mover that was frozen before the flip and wakes up when others have gone on', async () => {
    await holdFlip();
    const mover = beginMove();
    await isHeld();
    mover.kill('SIGSTOP');
    await release(false);
    await primary.query('DROP TRIGGER hold_flip ON shard_buckets');
    const move = await resumed();
    expect(move).toMatchObject({ state: 'moved', error: null });
    await write();
    mover.kill('SIGCONT');
    expect(await mover.ended).toMatchObject({ code: 0 });
    await nothingIsMissingBut(BUCKETS);
    await rolledBack(move.id);
  });

  it('is carried on by workers, one after the other', async () => {
    const back = await ended(moves.start(BUCKETS, 0, 'a test'));
    expect(await ended(moves.finish(back.id))).toMatchObject({ state: 'done' });
    await hold('comparing');
    const mover = beginMove();
    await isHeld();
    await kill(mover);
    await release(false);
    await hold('settling');
    const first = await ProductProcess.start('worker', app.environment);
    started.push(first);
    await isHeld();
    await kill(first);
    await release(false);
    started.push(await ProductProcess.start('worker', app.environment));
    await expect.poll(async () => (await newest()).state, PATIENCE).toBe('moved');
    await rolledBack((await newest()).id);
  });
});
