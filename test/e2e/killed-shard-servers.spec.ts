import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { Recipient } from '../../src/activities/activity.js';
import { leafOf } from '../../src/activities/leaves.js';
import { type MoveView, ShardMoves, type StartedMove } from '../../src/ops/shard-moves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { HeldMoves } from '../support/held-moves.js';
import { ProductProcess } from '../support/processes.js';
import { ShardedServers } from '../support/sharded-servers.js';
import { leftovers, partitionsOf } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { SteadyWriter } from '../support/steady-writer.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const COPY_LOCK = 991;
const BUCKETS = [0, 2, 4];
const people = Array.from({ length: 160 }, (_, index): Recipient => ({
  id: String(index + 1),
  stream: 'friends',
}));
const moving = people.filter(({ id }) => BUCKETS.includes(bucketOf(id)));

/** Who carries a move on as a process of its own, or a server. */
type Victim = 'mover' | 'worker' | 'source' | 'target';

type Verb = 'move' | 'rollback' | 'finish';

/** Where a move is when somebody is killed; what was about to be written down then still is, or never. */
type Moment =
  | 'amid the copy'
  | 'after the copy'
  | 'after the comparison'
  | 'closed, the flip lost'
  | 'closed, the flip made'
  | 'before the old way is cleared away'
  | 'at the end';

const HELD: Record<Moment, { states: (end: string) => string; goes: boolean }> = {
  'amid the copy': { states: () => 'copying', goes: true },
  'after the copy': { states: () => 'comparing', goes: false },
  'after the comparison': { states: () => 'switching', goes: true },
  'closed, the flip lost': { states: () => 'flip', goes: false },
  'closed, the flip made': { states: () => 'flip', goes: true },
  'before the old way is cleared away': { states: () => 'moved', goes: false },
  'at the end': { states: (end) => end, goes: false },
};

const JOURNEYS: readonly [Moment, 'rollback' | 'finish', Moment][] = [
  ['amid the copy', 'rollback', 'closed, the flip lost'],
  ['after the copy', 'rollback', 'closed, the flip made'],
  ['after the comparison', 'finish', 'at the end'],
  ['closed, the flip lost', 'rollback', 'at the end'],
  ['closed, the flip made', 'rollback', 'closed, the flip lost'],
  ['before the old way is cleared away', 'finish', 'at the end'],
];
const GIVEN_UP: readonly Moment[] = ['amid the copy', 'after the comparison', 'closed, the flip lost'];

/** For the mover what `killed-shard-move.spec.ts` leaves out. */
const MOVER: readonly Moment[] = ['amid the copy', 'closed, the flip made'];
const CASES = (['mover', 'worker', 'source', 'target'] as const).flatMap((victim) =>
  JOURNEYS.filter(([moment]) => victim !== 'mover' || MOVER.includes(moment)).map(
    (journey) => [victim, ...journey] as const,
  ),
);
const ABORTED = [
  ['mover', 'amid the copy'] as const,
  ...(['worker', 'source', 'target'] as const).flatMap((victim) =>
    GIVEN_UP.map((moment) => [victim, moment] as const),
  ),
];

/**
 * Old and new owner are servers of their own. The product serves HTTP in this process, so that nobody goes on with a move
 * unless a test wants it; and rows are written all the time, each until everybody has it.
 */
describe('a move of buckets between two servers', () => {
  let stores: ShardedServers;
  let app: TestApp;
  let moves: ShardMoves;
  let held: HeldMoves;
  let primary: pg.Client;
  let writer: SteadyWriter;
  /** The shard that has the buckets. */
  let owner = 0;
  const started: ProductProcess[] = [];

  beforeAll(async () => {
    stores = await ShardedServers.start();
    app = await TestApp.start({ ROLES: 'http' }, stores.environment);
    moves = app.get(ShardMoves);
    held = await HeldMoves.prepare(stores.environment);
    primary = await connectTo(stores.environment.DATABASE_URL!);
    await stores.onEach((shard) => shard.query(HOLD_COPY));
    writer = new SteadyWriter(app.get(ActivityStore), people);
    writer.start();
    await vi.waitFor(() => expect(writer.written).toBeGreaterThan(10), PATIENCE);
    await writer.stop();
  });
  beforeEach(() => writer.start());
  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.stop()));
    await writer.stop();
  });
  afterAll(async () => {
    await Promise.all([held.end(), primary.end()]);
    await app.stop();
    await stores.stop();
  });

  const newest = async (): Promise<MoveView> => (await moves.list())[0]!;
  const ended = async (act: Promise<StartedMove>): Promise<MoveView> => {
    const { id, finished } = await act;
    await finished;
    return moves.find(id);
  };
  const serverOf = (victim: Victim) => stores.servers[victim === 'source' ? owner : 1 - owner]!;

  /** Has the victim, or whoever would suffer from its end, carry on what a verb begins. @returns when it has ended in this process */
  const carryOn = async (victim: Victim, verb: Verb): Promise<{ finished: Promise<void> }> => {
    if (victim === 'mover') {
      const flags = [
        ...BUCKETS.flatMap((one) => ['--bucket', String(one)]),
        '--to',
        String(1 - owner),
        '--pace',
        'full',
      ];
      started.push(
        ProductProcess.begin('cli', app.environment, ['shards', verb, ...(verb === 'move' ? flags : [])]),
      );
    } else if (victim === 'worker') {
      await primary.query(ORPHANED[verb], verb === 'move' ? [owner, 1 - owner, BUCKETS] : []);
      started.push(ProductProcess.begin('worker', app.environment));
    } else {
      const begun =
        verb === 'move' ? moves.start(BUCKETS, 1 - owner, 'a test') : moves[verb]((await newest()).id);
      return begun;
    }
    return { finished: Promise.resolve() };
  };

  /** Holds the copy of one bucket once a few of its rows are there. @returns what lets it go */
  const holdCopy = async () => {
    const target = await connectTo(stores.servers[1 - owner]!.url);
    // It may be killed.
    target.on('error', () => undefined);
    await target.query('SELECT pg_advisory_lock($1)', [COPY_LOCK]);
    await target.query(`
      CREATE TRIGGER hold_copy BEFORE INSERT ON ${leafOf(BUCKETS[0]!)} FOR EACH ROW
        WHEN (NEW.entry_id = 1005) EXECUTE FUNCTION hold_copy();
      ALTER TABLE ${leafOf(BUCKETS[0]!)} ENABLE ALWAYS TRIGGER hold_copy`);
    await held.release(true);
    const waiting = async () =>
      (await target.query('SELECT FROM pg_locks WHERE objid = $1 AND NOT granted', [COPY_LOCK])).rowCount;
    await expect.poll(waiting, PATIENCE).toBe(1);
    return () => target.end().catch(() => undefined);
  };

  /** Kills the victim at a moment of what a verb begins. @returns what brings a server back */
  const killAt = async (victim: Victim, moment: Moment, verb: Verb) => {
    const { states, goes } = HELD[moment];
    await held.hold(states(verb === 'finish' ? 'done' : 'returned'));
    const { finished } = await carryOn(victim, verb);
    await held.reached();
    const letGo = moment === 'amid the copy' ? await holdCopy() : undefined;
    const process = started.pop();
    if (process) {
      process.kill('SIGKILL');
      expect(await process.ended).toMatchObject({ signal: 'SIGKILL' });
    } else await serverOf(victim).kill();
    await letGo?.();
    if (moment !== 'amid the copy') await held.release(goes);
    await finished;
    await held.forgetRunner();
    return async () => {
      if (!process) await serverOf(victim).startAgain();
    };
  };

  const resumed = async (end: string) => {
    if ((await newest()).state !== end) await ended(moves.resume((await newest()).id));
    expect(await newest()).toMatchObject({ state: end, error: null, carriedOn: false });
  };

  /** Everybody has every row once, and nothing tells of a move. */
  const allIsThere = async () => {
    await writer.stop();
    const { written } = writer;
    for (const { id, stream } of [...moving, ...people.slice(0, 10)])
      expect(await app.get(ActivityStore).page(id, stream, undefined, 100_000)).toHaveLength(written);
    const counts = await stores.onEach(async (shard, number) => {
      expect(await leftovers([shard])).toEqual([]);
      const { leaves, readable } = await partitionsOf(shard);
      expect(readable).toEqual(leaves);
      expect(leaves.filter((bucket) => BUCKETS.includes(bucket))).toEqual(number === owner ? BUCKETS : []);
      return (await shard.query<{ id: string; rows: number }>(COUNT_ROWS)).rows;
    });
    const rows = counts.flat();
    expect(rows).toHaveLength(people.length);
    expect(rows.filter((row) => row.rows !== written)).toEqual([]);
  };

  it.each(CASES)(
    'loses and doubles nothing when the %s is killed %s, and at the %s %s',
    async (...journey) => {
      const [victim, there, verb, end] = journey;
      const bringBack = await killAt(victim, there, 'move');
      await bringBack();
      await resumed('moved');
      const bringBackAgain = await killAt(victim, end, verb);
      await bringBackAgain();
      await resumed(verb === 'finish' ? 'done' : 'returned');
      if (verb === 'finish') owner = 1 - owner;
      await allIsThere();
    },
  );

  it.each(ABORTED)('is given up without a trace when the %s is killed %s', async (victim, moment) => {
    const bringBack = await killAt(victim, moment, 'move');
    const { id } = await newest();
    const first = await ended(moves.abort(id));
    expect(first.state).toBe(victim === 'source' || victim === 'target' ? 'aborting' : 'aborted');
    await bringBack();
    if (first.state === 'aborting') expect(first.error).not.toBeNull();
    if (first.state === 'aborting') await ended(moves.abort(id));
    expect(await newest()).toMatchObject({ state: 'aborted', error: null });
    await allIsThere();
  });
});

const COUNT_ROWS = 'SELECT recipient_id::text AS id, count(*)::int AS rows FROM activities GROUP BY 1';

const HOLD_COPY = `
  CREATE FUNCTION hold_copy() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(${COPY_LOCK});
    RETURN NEW;
  END $$`;

/** As a process leaves a move that was killed when it had just begun it. */
const ORPHANED = {
  move: `INSERT INTO shard_moves (source, target, buckets, requested_by, runner, heartbeat_at)
         VALUES ($1, $2, $3::smallint[], 'a test', gen_random_uuid(), '-infinity')`,
  rollback: `UPDATE shard_moves SET state = 'returning', runner = gen_random_uuid(), heartbeat_at = '-infinity'
             WHERE state = 'moved'`,
  finish: `UPDATE shard_moves SET state = 'finishing', runner = gen_random_uuid(), heartbeat_at = '-infinity'
           WHERE state = 'moved'`,
};
