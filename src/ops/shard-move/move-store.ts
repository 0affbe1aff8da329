import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../../platform/database/primary.js';
import { idList, sqlFile } from '../../platform/database/sql.js';
import { Problem } from '../../platform/http/problem.js';
import type { Id } from '../../platform/ids/ids.js';
import { mustBeAlone } from '../long-work.js';
import { type MoveProgress, type MoveRecord, type MoveState, UNDER_WAY } from './move-states.js';

const file = <Row>(name: string) => sqlFile<Row>(import.meta.url, `./sql/${name}.sql`);
const readMoves = file<MoveRecord>('read-moves');
const moveInTheWay = file<{ id: Id; state: MoveState }>('move-in-the-way');
const insertMove = file<{ id: Id }>('insert-move');
const beginMove = file<{ id: Id }>('begin-move');
const adoptMove = file<{ id: Id }>('adopt-move');
const beatMove = file<{ abortRequested: boolean }>('beat-move');
const advanceMove = file<{ id: Id }>('advance-move');
const flipOwner = file('flip-owner');
const noteSyncSlots = file('note-sync-slots');
const failMove = file('fail-move');
const requestMoveAbort = file<{ state: MoveState }>('request-move-abort');
const forgetMoves = file('forget-moves');

/** After so long without a sign of life a move's process counts as gone, in seconds. */
const SILENCE_SECONDS = 5;
const KEPT_MOVES = 500;

/** What is to be moved, from where to where. */
export interface MovePlan {
  source: number;
  target: number;
  buckets: readonly number[];
}

export interface PacedPlan extends MovePlan {
  /** In which share of the time it copies and compares: above 0, and 1 at most. */
  pace: number;
}

/** The moves as the primary keeps them: one at a time is under way. */
@Injectable()
export class MoveStore {
  constructor(private readonly primary: PrimaryDatabase) {}

  /** @throws Problem `shard-move-running`, `index-build-running`, `repair-running` */
  open(
    { source, target, buckets, pace }: PacedPlan,
    by: string,
    runner: string,
    progress: object,
  ): Promise<Id> {
    return this.primary.transaction(async (transaction) => {
      await mustBeAlone(transaction, 'move');
      const list = idList(buckets.map(String));
      const [other] = await transaction.query(moveInTheWay, [list]);
      if (other) throw inTheWay(other);
      await transaction.query(forgetMoves, [KEPT_MOVES]);
      const parameters = [source, target, list, pace, by, runner, JSON.stringify(progress)];
      return (await transaction.query(insertMove, parameters))[0]!.id;
    });
  }

  /**
   * Has a move that rests, or is under way without a runner, go on in another direction.
   * @throws Problem `shard-move-running` when it is in none of these states, or another one is under way
   */
  begin(id: Id, from: readonly MoveState[], to: MoveState, runner: string): Promise<void> {
    return this.primary.transaction(async (transaction) => {
      if (to !== 'aborting') await mustBeAlone(transaction, 'move');
      const [other] = await transaction.query(moveInTheWay, ['{}']);
      if (other && other.id !== id) throw inTheWay(other);
      const [begun] = await transaction.query(beginMove, [id, from, to, runner]);
      if (!begun) throw new Problem('shard-move-running', `The move ${id} is not ${from.join(' or ')}.`);
    });
  }

  /**
   * Takes over a move that nobody carries on: this one, or any that was cut off.
   * @returns undefined when there is none
   */
  async adopt(id: Id | null, runner: string): Promise<Id | undefined> {
    return (await this.primary.query(adoptMove, [id, runner, SILENCE_SECONDS]))[0]?.id;
  }

  /** A sign of life. @returns whether somebody wants it aborted; undefined when the move is not this runner's any more */
  async beat(id: Id, runner: string, progress: MoveProgress): Promise<boolean | undefined> {
    return (await this.primary.query(beatMove, [id, runner, JSON.stringify(progress)]))[0]?.abortRequested;
  }

  /** @throws LostMove when the move is not this runner's any more, or in another state */
  async advance(id: Id, runner: string, from: MoveState, to: MoveState): Promise<void> {
    const rows = await this.primary.query(advanceMove, [id, runner, from, to]);
    if (rows.length === 0) throw new LostMove(id);
  }

  /**
   * Makes a shard the owner of a move's buckets, in one with the move's next state.
   * @param pauseMs for how long the buckets took no writes
   * @throws LostMove as {@link advance}; nothing has changed then
   */
  async flip(
    id: Id,
    runner: string,
    [from, to]: readonly [MoveState, MoveState],
    owner: number,
    pauseMs: number,
  ): Promise<void> {
    const rows = await this.primary.query(flipOwner, [id, runner, from, to, owner, pauseMs]);
    if (rows.length === 0) throw new LostMove(id);
  }

  async noteSyncSlots(id: Id, runner: string, pattern: string): Promise<void> {
    await this.primary.query(noteSyncSlots, [id, runner, pattern]);
  }

  /** The runner leaves the move where it is. @param error why it could not go on; null when it could have */
  async leave(id: Id, runner: string, error: string | null): Promise<void> {
    await this.primary.query(failMove, [id, runner, error]);
  }

  /** @throws Problem `not-found` */
  async requestAbort(id: Id): Promise<void> {
    const rows = await this.primary.query(requestMoveAbort, [id]);
    if (rows.length === 0) throw noSuchMove();
  }

  /** @throws Problem `not-found` */
  async find(id: Id): Promise<MoveRecord> {
    const [found] = await this.primary.query(readMoves, [id, 1, SILENCE_SECONDS]);
    if (!found) throw noSuchMove();
    return found;
  }

  /** The newest moves, newest first. */
  newest(limit: number): Promise<MoveRecord[]> {
    return this.primary.query(readMoves, [null, limit, SILENCE_SECONDS]);
  }
}

/** Somebody else carries the move on. */
export class LostMove extends Error {
  override readonly name = 'LostMove';

  constructor(id: Id) {
    super(`The move ${id} is carried on by another process.`);
  }
}

const noSuchMove = () => new Problem('not-found', 'There is no such move of buckets.');

const inTheWay = ({ id, state }: { id: Id; state: MoveState }) =>
  new Problem(
    'shard-move-running',
    UNDER_WAY.has(state)
      ? `The move ${id} is ${state}: wait for it, or abort it.`
      : `The move ${id} has one of these buckets and is not over: finish it, or roll it back.`,
  );
