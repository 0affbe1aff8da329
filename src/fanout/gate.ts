import { Injectable, Logger } from '@nestjs/common';
import { ShardRouter } from '../platform/database/shards.js';
import { errorText } from '../platform/error-text.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Backlog } from './backlog.js';
import { type GateStatus, presentGate } from './gate-status.js';
import { type Closing, type GateState, GateStore, type Opening, type PastClosing } from './gate-store.js';
import { concerns, GateValve } from './gate-valve.js';

/** A gate that was closed by this process. */
export interface ClosedGate {
  /** Lets maintenance pass its fences (`useGateKey`); never told to anybody outside. */
  key: string;
  /** With this, `open` and `extend` leave a later closing of somebody else alone. */
  closedAt: Date;
  status: GateStatus;
}

export interface CloseOptions {
  reason: string;
  by: string;
  /** Closes the gate of this shard alone, and does not pause the queue; undefined: of all. */
  shard?: number;
  /** Seconds until the gate reopens by itself; undefined leaves it closed until somebody opens it. */
  reopenAfterSeconds?: number;
  /** How long to wait for those who are writing, in milliseconds, before giving up and reopening. */
  timeoutMs?: number;
}

/** Which closed gate is meant. */
export interface WhichGate {
  /** Undefined: the gate before all shards. */
  shard?: number;
  /** The gate only if it was closed at that moment, and not again since by somebody else. */
  closedAt?: Date;
}

/** Running jobs get so much of the patience, in milliseconds, before the fences close before them. */
const FINISH_MS = 5_000;
/** How long a keeper waits at a time for a gate that nobody else sees through, in milliseconds. */
const KEEPER_PATIENCE_MS = 500;

/**
 * The chokepoint's valve, one before all shards and one before each. The primary holds what it should be, and with it the
 * history; the fence on each shard is what writers meet; the queue's pause spares jobs that would be refused. A change
 * commits in the primary first; whatever it takes to make it true can be done by any process at any time, and every
 * worker does so again and again (`GateKeeper`). What a fence has refused waits for its shard, and goes on once the shard
 * takes rows again (`ShardKeeper`).
 */
@Injectable()
export class Gate {
  private readonly logger = new Logger('Gate');

  constructor(
    private readonly store: GateStore,
    private readonly valve: GateValve,
    private readonly backlog: Backlog,
    private readonly shards: ShardRouter,
  ) {}

  /**
   * Closes the gate: no waiting job starts any more, running ones get a moment to finish, and then the fences close.
   * Answers once no transaction is writing activities and none can, whatever a frozen worker still believes; a job of
   * such a one may count as active for a while longer.
   * @throws Problem `gate-closed` when it is closed already, also as a part of all shards or in a part of them;
   * `gate-timeout` when somebody was still writing after `timeoutMs`, or a shard was away; the gate is open again then
   */
  async close({
    reason,
    by,
    shard,
    reopenAfterSeconds,
    timeoutMs = 30_000,
  }: CloseOptions): Promise<ClosedGate> {
    if (shard !== undefined && !this.shards.shards[shard])
      throw new Problem('invalid-request', `There is no shard ${shard}.`);
    const deadline = Date.now() + timeoutMs;
    const finishMs = shard === undefined ? Math.min(FINISH_MS, timeoutMs / 3) : 0;
    const id = await this.store.change((change) => {
      const other = change.state.closings.find((closing) => shard === undefined || concerns(closing, shard));
      if (other)
        throw new Problem(
          'gate-closed',
          `${nameOf(other)} was closed by ${other.closedBy}: ${other.reason}.`,
        );
      return change.close(shard ?? null, reason, by, reopenAfterSeconds ?? null, finishMs);
    });
    this.logger.log(`closed${shard === undefined ? '' : ` for shard ${shard}`} by ${by}: ${reason}`);
    const obstacles = await this.shut(id, Date.now() + finishMs, deadline);
    if (obstacles.length > 0) {
      await this.reopen((closing) => closing.id === id, by, 'timeout');
      throw new Problem('gate-timeout', `The gate was opened again: ${obstacles.join('; ')}.`);
    }
    const closing = (await this.store.read()).closings.find((each) => each.id === id);
    if (!closing) throw new Problem('gate-timeout', 'It was opened meanwhile.');
    try {
      return { key: closing.key, closedAt: closing.closedAt, status: await this.status(shard) };
    } catch (error) {
      // Without an answer nobody would know that it is theirs to open.
      await this.reopen((each) => each.id === id, by, 'told');
      throw error;
    }
  }

  /** Opens a gate and lets the backlog run off; an open one stays open. */
  async open(by: string, { shard, closedAt }: WhichGate = {}): Promise<GateStatus> {
    await this.reopen(isMeant(shard, closedAt), by, 'told');
    return this.status(shard);
  }

  /**
   * Puts off the deadline of a closed gate.
   * @param seconds from now
   * @returns false when it is not closed any more
   */
  extend(seconds: number, { shard, closedAt }: WhichGate = {}): Promise<boolean> {
    return this.store.change(async (change) => {
      const closing = change.state.closings.find(isMeant(shard, closedAt));
      if (closing) await change.extend(closing.id, seconds);
      return closing !== undefined;
    });
  }

  /** Whether the gate before all shards is closed. */
  async isClosed(): Promise<boolean> {
    return (await this.store.read()).closings.some((closing) => closing.shard === null);
  }

  /** @param shard as seen from this shard: closed as well when its own gate is */
  async status(shard?: number): Promise<GateStatus> {
    const { closings } = await this.store.read();
    return presentGate(closings, shard, await this.backlog.measure(closings.length === 0));
  }

  /** Closings below an id, the latest first, with what became of them. */
  history(before: Id, limit: number): Promise<PastClosing[]> {
    return this.store.history(before, limit);
  }

  /**
   * Opens gates whose time has come, sees through what a process that died has begun, and mends pause and fences where
   * they are not what they should be: after a wiped Redis, or a shard that was away.
   */
  async reconcile(): Promise<void> {
    const { closings } = await this.store.read();
    for (const due of closings.filter((closing) => closing.isDue))
      await this.reopen((closing) => closing.id === due.id && closing.isDue, null, 'deadline');
    for (const { id, isFenced, isFenceDue } of closings)
      if (!isFenced && isFenceDue) await this.store.change((change) => change.fence(id));
    const state = await this.store.read();
    await this.valve.settle(state);
    for (const closing of state.closings.filter((each) => each.isFenced && !each.quietAt)) {
      const obstacles = await this.valve.quieten(state, closing, Date.now() + KEEPER_PATIENCE_MS);
      if (obstacles.length === 0) await this.store.noteQuiet(closing.id);
    }
  }

  /** @returns what is in the way of a quiet table; empty when it is quiet, or was opened meanwhile */
  private async shut(id: Id, finishBy: number, deadline: number): Promise<string[]> {
    try {
      await this.settleWhatCan(await this.store.read());
      await this.valve.jobsFinished(finishBy);
      await this.store.change((change) => change.fence(id));
      const state = await this.store.read();
      const closing = state.closings.find((each) => each.id === id);
      if (!closing) return [];
      await this.settleWhatCan(state);
      const obstacles = await this.valve.quieten(state, closing, deadline);
      if (obstacles.length === 0) await this.store.noteQuiet(id);
      return obstacles;
    } catch (error) {
      return [errorText(error)];
    }
  }

  private async reopen(
    isIt: (closing: Closing) => boolean,
    by: string | null,
    opening: Opening,
  ): Promise<void> {
    const waiting = await this.backlog.measure(false).catch(() => undefined);
    const opened = await this.store.change(async (change) => {
      const closing = change.state.closings.find(isIt);
      if (closing)
        await change.open(
          closing.id,
          by,
          opening,
          waiting?.jobs?.waiting ?? null,
          waiting?.status.intents ?? null,
        );
      return closing;
    });
    if (!opened) return;
    this.logger.log(`${nameOf(opened)} was opened by ${by ?? 'its deadline'}`);
    await this.settleWhatCan(await this.store.read());
  }

  /** What cannot be settled now is left to the keepers. */
  private async settleWhatCan(state: GateState): Promise<void> {
    await this.valve
      .settle(state)
      .catch((error: unknown) => this.logger.warn(`left to the keepers: ${errorText(error)}`));
  }
}

function isMeant(shard: number | undefined, closedAt: Date | undefined): (closing: Closing) => boolean {
  return (closing) =>
    closing.shard === (shard ?? null) && (!closedAt || closing.closedAt.getTime() === closedAt.getTime());
}

const nameOf = ({ shard }: Closing): string => (shard === null ? 'The gate' : `The gate of shard ${shard}`);
