import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Database } from '../../platform/database/database.js';
import { sqlFile } from '../../platform/database/sql.js';
import type { MoveProgress, MoveRecord, MoveState } from './move-states.js';
import type { MoveStore } from './move-store.js';
import type { Switching } from './owner-switch.js';
import { type Direction, Replication } from './replication.js';
import { ShardSession } from './shard-session.js';

const forgetMarks = sqlFile(import.meta.url, './sql/forget-marks.sql');

const POLL_MS = 50;
/** How long changes may take to arrive while nothing is closed, in milliseconds. */
const ARRIVAL_MS = 600_000;

export interface ContextPlan {
  move: MoveRecord;
  runner: string;
  source: Database;
  target: Database;
  /** Ends what the steps wait for. */
  signal: AbortSignal;
  /** Written here as it grows. */
  progress: MoveProgress;
}

/** What the steps of a move have in common: both shards, and what flows between them. */
export class MoveContext {
  readonly there: Replication;
  readonly back: Replication;
  private readonly sessions = new Map<Database, Promise<ShardSession>>();

  constructor(
    readonly plan: ContextPlan,
    readonly store: MoveStore,
  ) {
    const { id, buckets } = plan.move;
    this.there = new Replication(id, 'there', buckets);
    this.back = new Replication(id, 'back', buckets);
  }

  get buckets(): readonly number[] {
    return this.plan.move.buckets;
  }

  source(): Promise<pg.Client> {
    return this.clientOf(this.plan.source);
  }

  target(): Promise<pg.Client> {
    return this.clientOf(this.plan.target);
  }

  async both(): Promise<{ source: pg.Client; target: pg.Client }> {
    return { source: await this.source(), target: await this.target() };
  }

  /** Takes the move to its next state. @throws LostMove when it is not ours any more */
  next(from: MoveState, to: MoveState): Promise<void> {
    return this.store.advance(this.plan.move.id, this.plan.runner, from, to);
  }

  /** Handing the buckets over, from the old owner to the new one or back. */
  async switching(direction: Direction): Promise<Switching> {
    const { source, target } = await this.both();
    const { move, runner, signal } = this.plan;
    const isThere = direction === 'there';
    const states = isThere ? (['switching', 'settling'] as const) : (['returning', 'clearing'] as const);
    return {
      ...(isThere ? { from: source, to: target } : { from: target, to: source }),
      buckets: move.buckets,
      replication: isThere ? this.there : this.back,
      flip: (pauseMs) =>
        this.store.flip(move.id, runner, states, isThere ? move.target : move.source, pauseMs),
      isFlipped: async () => (await this.store.find(move.id)).state === states[1],
      check: () => signal.throwIfAborted(),
    };
  }

  /** Waits until everything that is committed now has arrived on the other side. */
  async arrived(replication: Replication): Promise<void> {
    const { source, target } = await this.both();
    const [from, to] = replication === this.there ? [source, target] : [target, source];
    const began = Date.now();
    const mark = await replication.mark(from);
    while (!(await replication.hasArrived(to, mark))) {
      this.plan.signal.throwIfAborted();
      if (Date.now() - began > ARRIVAL_MS) throw new Error('The other side stays too far behind.');
      this.plan.progress.lagBytes = await replication.lagBytes(from);
      await delay(POLL_MS);
    }
    this.plan.progress.lagMs = Date.now() - began;
    this.plan.progress.lagBytes = await replication.lagBytes(from);
  }

  /** Ends what flows in one direction, and leaves nothing of it. */
  async end(replication: Replication): Promise<void> {
    const { source, target } = await this.both();
    const [publisher, subscriber] = replication === this.there ? [source, target] : [target, source];
    await replication.unsubscribe(subscriber);
    await replication.unpublish(publisher, undefined);
  }

  async forgetMarks(...sides: readonly pg.Client[]): Promise<void> {
    for (const side of sides) await side.query(forgetMarks.text, [this.plan.move.id]);
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values())
      await session.then(
        (opened) => opened.close(),
        () => undefined,
      );
  }

  private async clientOf(shard: Database): Promise<pg.Client> {
    let session = this.sessions.get(shard);
    if (!session) this.sessions.set(shard, (session = ShardSession.open(shard)));
    return (await session).client;
  }
}
