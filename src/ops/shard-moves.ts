import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Fence } from '../activities/fence.js';
import { BUCKET_COUNT } from '../platform/database/buckets.js';
import type { Database } from '../platform/database/database.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { checkMove } from './shard-move/move-check.js';
import { MoveRun } from './shard-move/move-run.js';
import { BEFORE_FLIP, type MoveRecord, type MoveState } from './shard-move/move-states.js';
import { type MovePlan, MoveStore } from './shard-move/move-store.js';
import { type MoveView, viewOf } from './shard-move/move-view.js';
import { FULL_PACE, GENTLE_PACE, LEAST_PACE } from './move-pace.js';
import { readLag, replicationName } from './shard-move/replication.js';

export type { MovePlan, MoveView };

/** A move that this process carries on. */
export interface StartedMove {
  id: Id;
  /** Once it rests, is over or stands still. Never fails: what went wrong stands in the move. */
  finished: Promise<void>;
}

const LISTED = 20;

/** Moves of buckets from one shard to another while everything runs. */
@Injectable()
export class ShardMoves implements BeforeApplicationShutdown {
  private readonly running = new Map<Id, { run: MoveRun; finished: Promise<void> }>();

  constructor(
    private readonly store: MoveStore,
    private readonly shards: ShardRouter,
    private readonly fence: Fence,
  ) {}

  /**
   * Begins to move buckets, all of one shard, to another one, in this process; should it die, a worker goes on.
   * @param pace in which share of the time it copies and compares, so that readers have the rest; 1 at most
   * @throws Problem `invalid-request`, `shard-unfit`, `gate-closed`, `shard-move-running`, `index-build-running`,
   * `repair-running`
   */
  async start(
    buckets: readonly number[],
    target: number,
    by: string,
    pace = GENTLE_PACE,
  ): Promise<StartedMove> {
    await this.shards.refresh();
    const plan = { ...this.checked(buckets, target), pace: checkedPace(pace) };
    const sides = { source: this.shard(plan.source), target: this.shard(plan.target) };
    const leaves = await checkMove(sides, plan.buckets, this.fence);
    const progress = {
      rowsTotal: leaves.reduce((sum, { rows }) => sum + rows, 0),
      bytesTotal: leaves.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    const runner = randomUUID();
    return this.carryOn(await this.store.open(plan, by, runner, progress), runner);
  }

  /** Goes on with a move that was cut off or stands still. @throws Problem `not-found`, `shard-move-running` when it goes on already, or is over */
  async resume(id: Id): Promise<StartedMove> {
    const { state } = await this.store.find(id);
    const runner = randomUUID();
    if (!(await this.store.adopt(id, runner)))
      throw new Problem('shard-move-running', `The move ${id} is ${state}, and needs nobody to carry it on.`);
    return this.carryOn(id, runner);
  }

  /** Goes on with a move whose process is gone, if there is one. */
  async adopt(): Promise<StartedMove | undefined> {
    const runner = randomUUID();
    const id = await this.store.adopt(null, runner);
    return id === undefined ? undefined : this.carryOn(id, runner);
  }

  /** Drops the buckets on their old shard: from then on the move cannot be rolled back. @throws Problem `not-found`, `shard-move-running` */
  finish(id: Id): Promise<StartedMove> {
    return this.begin(id, ['moved'], 'finishing');
  }

  /** Gives the buckets back to their old shard, with all that was written since. @throws Problem `not-found`, `shard-move-running` */
  rollback(id: Id): Promise<StartedMove> {
    return this.begin(id, ['moved'], 'returning');
  }

  /**
   * Gives a move up whose buckets still belong to their old shard, and clears away what there is of it.
   * @throws Problem `not-found`; `shard-move-running` when it is too late for that
   */
  async abort(id: Id): Promise<StartedMove> {
    const { state, silent } = await this.store.find(id);
    const own = this.running.get(id);
    if (state !== 'aborting' && !BEFORE_FLIP.includes(state))
      throw new Problem(
        'shard-move-running',
        `The move ${id} is ${state}: an abort comes too late. Roll it back once it is moved.`,
      );
    await this.store.requestAbort(id);
    own?.run.stop('aborted');
    if (own) return { id, finished: own.finished };
    // Whoever carries it on sees the request within a second.
    if (!silent) return { id, finished: Promise.resolve() };
    return this.begin(id, [...BEFORE_FLIP, 'aborting'], 'aborting');
  }

  /** @throws Problem `not-found` */
  async find(id: Id): Promise<MoveView> {
    return this.view(await this.store.find(id));
  }

  /** The newest moves, newest first. */
  async list(): Promise<MoveView[]> {
    return Promise.all((await this.store.newest(LISTED)).map((move) => this.view(move)));
  }

  /** What this process carries on is interrupted; a worker goes on with it. */
  async beforeApplicationShutdown(): Promise<void> {
    const all = [...this.running.values()];
    for (const { run } of all) run.stop('interrupted');
    await Promise.all(all.map(({ finished }) => finished));
  }

  /** While a move rests, nobody notes how far behind the old shard is: the new one is asked. */
  private async view(move: MoveRecord): Promise<MoveView> {
    if (move.state !== 'moved') return viewOf(move);
    const target = this.shards.shards[move.target];
    const lag = await target?.query(readLag, [replicationName(move.id, 'back')]).catch(() => undefined);
    return { ...viewOf(move), lagBytes: lag?.[0]?.bytes ?? null, lagMs: null };
  }

  private async begin(id: Id, from: readonly MoveState[], to: MoveState): Promise<StartedMove> {
    await this.store.find(id);
    const runner = randomUUID();
    await this.store.begin(id, from, to, runner);
    return this.carryOn(id, runner);
  }

  private async carryOn(id: Id, runner: string): Promise<StartedMove> {
    const move = await this.store.find(id);
    const source = this.shard(move.source);
    const target = this.shard(move.target);
    const run = new MoveRun({ move, runner, source, target }, this.store);
    const finished = run
      .run()
      .then(() => this.shards.refresh())
      .catch(() => undefined)
      .finally(() => this.running.delete(id));
    this.running.set(id, { run, finished });
    return { id, finished };
  }

  private checked(buckets: readonly number[], target: number): MovePlan {
    const wanted = [...new Set(buckets)].sort((a, b) => a - b);
    const unknown = wanted.find(
      (bucket) => !Number.isInteger(bucket) || bucket < 0 || bucket >= BUCKET_COUNT,
    );
    if (wanted.length === 0 || unknown !== undefined)
      throw new Problem('invalid-request', `Buckets are numbered 0 to ${BUCKET_COUNT - 1}.`);
    const owners = new Set(wanted.map((bucket) => this.shards.numberOf(this.shards.ownerOf(bucket))));
    if (owners.size > 1)
      throw new Problem(
        'invalid-request',
        `These buckets lie on several shards (${[...owners].join(', ')}): a move has one source.`,
      );
    const [source] = [...owners] as [number];
    this.shard(target);
    if (source === target) throw new Problem('invalid-request', `Shard ${target} has these buckets already.`);
    return { source, target, buckets: wanted };
  }

  private shard(number: number): Database {
    const shard = this.shards.shards[number];
    if (!shard)
      throw new Problem(
        'invalid-request',
        `There is no shard ${number}: they are 0 to ${this.shards.shards.length - 1}.`,
      );
    return shard;
  }
}

function checkedPace(pace: number): number {
  if (!(pace >= LEAST_PACE && pace <= FULL_PACE))
    throw new Problem(
      'invalid-request',
      `The pace of a move is a share of the time, from ${LEAST_PACE} to ${FULL_PACE}.`,
    );
  return pace;
}
