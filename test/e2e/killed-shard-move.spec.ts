import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { Recipient } from '../../src/activities/activity.js';
import { ShardAdditions } from '../../src/ops/shard-additions.js';
import { type MoveView, ShardMoves } from '../../src/ops/shard-moves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { HeldMoves } from '../support/held-moves.js';
import { ProductProcess } from '../support/processes.js';
import { emptyDatabase, leftovers, partitionsOf } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const BUCKETS = [0, 2, 4];
const people = Array.from({ length: 320 }, (_, index): Recipient => ({
  id: String(index + 1),
  stream: 'friends',
}));
const moving = people.filter(({ id }) => BUCKETS.includes(bucketOf(id)));

/**
 * The product serves HTTP in this process, so that nobody goes on with a move unless a test wants it. Servers that are killed:
 * `killed-shard-servers.spec.ts`.
 */
describe('a move of buckets, one of whose processes is killed', () => {
  let app: TestApp;
  let moves: ShardMoves;
  let held: HeldMoves;
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
    held = await HeldMoves.prepare(app.environment);
    for (let i = 0; i < 10; i++) await write();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.stop()));
  });
  afterAll(async () => {
    await Promise.all([held, ...shards].map((client) => client.end()));
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
  const resumed = async () => {
    await held.forgetRunner();
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
    await held.hold(state);
    const mover = beginMove();
    await held.reached();
    await kill(mover);
    await held.release(goes);
    const move = await resumed();
    expect(move).toMatchObject({ state: 'moved', error: null, carriedOn: false });
    await write();
    await rolledBack(move.id);
  });

  it.each([
    ['copying', false],
    ['comparing', true],
    ['settling', false],
  ] as const)('is given up where the mover was killed before it was %s', async (state, goes) => {
    await held.hold(state);
    const mover = beginMove();
    await held.reached();
    await kill(mover);
    await held.release(goes);
    await held.forgetRunner();
    expect(await ended(moves.abort((await newest()).id))).toMatchObject({ state: 'aborted', error: null });
    await nothingIsLeft(0);
  });

  it('opens again what nobody may write to because the mover was killed before the flip', async () => {
    await held.hold('flip');
    const mover = beginMove();
    await held.reached();
    await kill(mover);
    const event = { kind: 'post', entryId: '500', actorId: '7', subjectId: '500' } as const;
    const { refused } = await app.get(ActivityStore).write(event, moving);
    expect(refused.flatMap(({ recipients }) => recipients)).toHaveLength(moving.length);
    await held.release(false);
    await held.forgetRunner();
    expect(await ended(moves.abort((await newest()).id))).toMatchObject({ state: 'aborted', error: null });
    await nothingIsLeft(0);
  });

  it('is not disturbed by a mover that was frozen before the flip and wakes up when others have gone on', async () => {
    await held.hold('flip');
    const mover = beginMove();
    await held.reached();
    mover.kill('SIGSTOP');
    await held.release(false);
    const move = await resumed();
    expect(move).toMatchObject({ state: 'moved', error: null });
    await write();
    mover.kill('SIGCONT');
    expect(await mover.ended).toMatchObject({ code: 0 });
    await nothingIsMissingBut(BUCKETS);
    await rolledBack(move.id);
  });

  it.each([
    ['source', 'comparing', 0],
    ['target', 'switching', 2],
  ] as const)('is carried on when the sessions of the %s end before it is %s', async (_, state, shard) => {
    await held.hold(state);
    const move = moves.start(BUCKETS, 2, 'a test');
    await held.reached();
    await killServerSessions(shard);
    await held.release(true);
    await ended(move);
    if ((await newest()).state !== 'moved') await resumed();
    expect(await newest()).toMatchObject({ state: 'moved', error: null });
    await rolledBack((await newest()).id);
  });

  it.each([
    ['rollback', 'clearing', 'returned', 0],
    ['rollback', 'returned', 'returned', 0],
    ['finish', 'done', 'done', 2],
  ] as const)(
    'ends by %s although the command is killed before it is %s',
    async (verb, moment, end, owner) => {
      expect(await ended(moves.start(BUCKETS, 2, 'a test'))).toMatchObject({ state: 'moved' });
      await held.hold(moment);
      const command = begin(verb);
      await held.reached();
      await kill(command);
      await held.release(false);
      expect(await resumed()).toMatchObject({ state: end, error: null });
      await nothingIsLeft(owner);
      if (owner === 0) return;
      const back = await ended(moves.start(BUCKETS, 0, 'a test'));
      expect(await ended(moves.finish(back.id))).toMatchObject({ state: 'done', error: null });
    },
  );

  it('is carried on by workers, one after the other', async () => {
    await held.hold('comparing');
    const mover = beginMove();
    await held.reached();
    await kill(mover);
    await held.release(false);
    await held.hold('settling');
    const first = await ProductProcess.start('worker', app.environment);
    started.push(first);
    await held.reached();
    await kill(first);
    await held.release(false);
    started.push(await ProductProcess.start('worker', app.environment));
    await expect.poll(async () => (await newest()).state, PATIENCE).toBe('moved');
    await rolledBack((await newest()).id);
  });
});
