import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Fence, type FenceOrder } from '../activities/fence.js';
import type { Database } from '../platform/database/database.js';
import { ShardRouter } from '../platform/database/shards.js';
import { errorText } from '../platform/error-text.js';
import { Queues } from '../platform/queues/queues.js';
import { type Closing, type GateState, GateStore } from './gate-store.js';

/** How long a transaction that has passed the fence may wait for its own process, in milliseconds, before it is ended. */
const GRACE_MS = 3_000;
const POLL_MS = 20;
const RETRY_MS = 200;

/**
 * Makes true what the gates should be: the fences on the shards, which are what writers meet, and the queue's pause, a
 * courtesy that keeps jobs from being tried in vain. Every step may be repeated, by any process, in any order.
 */
@Injectable()
export class GateValve {
  private readonly logger = new Logger('Gate');

  constructor(
    private readonly store: GateStore,
    private readonly fence: Fence,
    private readonly shards: ShardRouter,
    private readonly queues: Queues,
  ) {}

  /**
   * Sets fences and pause: the pause first where it is to close, last where it is to open.
   * @throws what kept a part from being set; the other parts are
   */
  async settle(state: GateState): Promise<void> {
    const queue = () => this.settleQueue(state);
    const fences = () => all(this.shards.shards.map((shard, index) => this.settleFence(state, shard, index)));
    const steps = isPauseWanted(state) ? [queue, fences] : [fences, queue];
    const faults: unknown[] = [];
    for (const step of steps)
      await step().catch((error: unknown) => {
        faults.push(error);
      });
    if (faults.length > 0) throw faults[0];
  }

  /** Waits until no job of the chokepoint runs, or the deadline (milliseconds since 1970) has come. */
  async jobsFinished(deadline: number): Promise<void> {
    try {
      while (
        Date.now() < deadline &&
        (await this.queues.use('activities', (queue) => queue.getActiveCount())) > 0
      )
        await delay(POLL_MS);
    } catch (error) {
      this.logger.warn(`the queue does not say whether jobs run: ${errorText(error)}`);
    }
  }

  /**
   * Closes the fences of a closing and waits for those who passed before, until the deadline (milliseconds since 1970) and
   * for one look at least.
   * @returns what is in the way; empty when nobody is writing behind them
   */
  async quieten(state: GateState, closing: Closing, deadline: number): Promise<string[]> {
    const waits = this.shards.shards.map(async (shard, index) =>
      concerns(closing, index) ? this.quietenShard(state, shard, index, deadline) : undefined,
    );
    return (await Promise.all(waits)).filter((obstacle) => obstacle !== undefined);
  }

  private async quietenShard(
    state: GateState,
    shard: Database,
    index: number,
    deadline: number,
  ): Promise<string | undefined> {
    let obstacle: string;
    for (;;) {
      try {
        await this.settleFence(state, shard, index);
        if (await this.fence.isQuiet(shard, deadline - Date.now())) return undefined;
        obstacle = `${shard.name} has transactions that go on writing`;
        const ended = await this.fence.endIdleWriters(shard, GRACE_MS);
        if (ended > 0)
          this.logger.warn(`${shard.name}: ended ${ended} sessions whose process does not go on`);
      } catch (error) {
        obstacle = `${shard.name}: ${errorText(error)}`;
      }
      if (Date.now() >= deadline) return obstacle;
      await delay(RETRY_MS);
    }
  }

  private async settleQueue(state: GateState): Promise<void> {
    if (isPauseWanted(state) === (await this.isPaused())) return;
    // With the lock held, so that nobody who comes late undoes what a later change did.
    await this.store.change(async (change) => {
      const wanted = isPauseWanted(change.state);
      if (wanted === (await this.isPaused())) return;
      await this.queues.use('activities', (queue) => (wanted ? queue.pause() : queue.resume()));
    });
  }

  private isPaused(): Promise<boolean> {
    return this.queues.use('activities', (queue) => queue.isPaused());
  }

  private async settleFence(state: GateState, shard: Database, index: number): Promise<void> {
    const order = orderFor(state, index);
    const found = await this.fence.read(shard);
    if (found.revision === order.revision && found.closed === order.closed) return;
    if (BigInt(found.revision) <= BigInt(order.revision)) await this.fence.set(shard, order);
    else await this.catchUp(found.revision);
  }

  /** A fence has heard of a later change than we: we are late, or the primary came out of a backup that was. */
  private async catchUp(heard: string): Promise<void> {
    const { revision } = await this.store.read();
    if (BigInt(revision) < BigInt(heard)) await this.store.change(() => Promise.resolve(), heard);
  }
}

/** Whether a closing closes the gate of this shard. */
export const concerns = (closing: Closing, shard: number): boolean =>
  closing.shard === null || closing.shard === shard;

const isPauseWanted = (state: GateState): boolean => state.closings.some((closing) => closing.shard === null);

function orderFor({ revision, closings }: GateState, shard: number): FenceOrder {
  const closing = closings.find((each) => each.isFenced && concerns(each, shard));
  return { closed: closing !== undefined, key: closing?.key ?? null, revision };
}

/** Waits for all, and only then fails if one of them did. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(promises)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
