import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { errorText } from '../platform/error-text.js';
import { isPassing } from '../platform/http/to-problem.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { MirrorComparison } from './audit/mirror-comparison.js';
import { Mirror } from './mirror/mirror.js';
import { EpochFill, type FillReport } from './rebuild/epoch-fill.js';
import { RebuildLock } from './rebuild/rebuild-lock.js';
import { type RebuildState, RebuildStateStore } from './rebuild/rebuild-state.js';
import { removeKeys } from './rebuild/remove-keys.js';
import { RedisWatch, type SlowestCommand } from './rebuild/redis-watch.js';
import { UserStore } from '../users/user-store.js';

const drainLog = LuaScript.load<number>(import.meta.url, './rebuild/drain-log.lua', './mirror/functions.lua');
const LOG_ENTRIES_PER_CALL = 200;
const OWNERS_PER_LOAD = 200;
const COMPARED_PER_BATCH = 200;
/** How often a rebuild goes on after Redis or Postgres was away, and after how many milliseconds. */
const MOST_RESUMED = 5;
const RESUMED_AFTER_MS = 1_000;

export interface RebuildOptions {
  /** Holds the load down to so many commands (about one per user and set) a second. */
  commandsPerSecond?: number;
  /** Takes longer, and leaves a processor to those who read: Postgres, this process and Redis work by turns. */
  gentle?: boolean;
  /** How many users are compared member by member before the swap, spread evenly; `all` compares everybody. */
  compare?: number | 'all';
  report?: FillReport;
}

/** What a rebuild would have to do. */
export interface RebuildPlan {
  users: number;
  /** Relationships, about. */
  edges: number;
  /** Whether there is a mirror that is read. */
  ready: boolean;
  /** How far the rebuild is that is under way, or was cut off. */
  state: RebuildState | undefined;
}

/** What a rebuild did, and the proof that it is right. */
export interface RebuildCertificate {
  users: number;
  /** Relationships loaded; Redis acknowledged each set as a whole, or the number of its members that it added. */
  edges: number;
  /** Users who were compared with Postgres, member by member. */
  compared: number;
  /** Users among them who were not right; a rebuild with any does not swap. */
  mismatches: number;
  /** Until the new epoch was the one that is read; the old one's keys are removed after that. */
  seconds: number;
  /** What Redis needs for the new epoch, in bytes. */
  bytes: number;
  /** The command that held Redis up for longest meanwhile; null where Redis does not tell. */
  slowest: SlowestCommand | null;
  /** Whether it went on with one that was cut off. */
  resumed: boolean;
}

/**
 * Builds the mirror anew, beside the one that is read, while changes go to both: an epoch is filled from one snapshot of
 * Postgres while its changes collect in a log; the log is replayed by the versions of its changes; the epoch is compared
 * with Postgres; then the two are swapped. One that was cut off is gone on with.
 */
@Injectable()
export class MirrorRebuild {
  private readonly logger = new Logger('Mirror');
  private readonly states: RebuildStateStore;
  private lock: RebuildLock | undefined;

  constructor(
    private readonly redis: GraphRedis,
    private readonly users: UserStore,
    private readonly mirror: Mirror,
    private readonly comparison: MirrorComparison,
    private readonly filler: EpochFill,
  ) {
    this.states = new RebuildStateStore(redis.client, mirror.keys);
  }

  /** Whether there is a mirror that can be read. */
  async isReady(): Promise<boolean> {
    return (await this.mirror.currentEpoch()) !== undefined;
  }

  /** What a rebuild would load, and how things stand. */
  async plan(): Promise<RebuildPlan> {
    const [users, edges, ready, state] = await Promise.all([
      this.users.count(),
      this.filler.estimateEdges(),
      this.isReady(),
      this.states.read(),
    ]);
    return { users, edges, ready, state };
  }

  /** Whether a rebuild was begun and is not finished; its log grows until somebody goes on with it. */
  async isUnfinished(): Promise<boolean> {
    return (await this.states.read()) !== undefined;
  }

  /** Asks the workers for a rebuild; one of them begins within a second or so. */
  async request(): Promise<void> {
    await this.redis.client.set(this.mirror.keys.rebuildRequest, '1');
  }

  /** Whether somebody asked for a rebuild that no worker has taken up; whoever asks takes it up. */
  async takeRequest(): Promise<boolean> {
    return (await this.redis.client.del(this.mirror.keys.rebuildRequest)) > 0;
  }

  /** The certificate of the last rebuild; undefined when Redis knows of none. */
  async last(): Promise<RebuildCertificate | undefined> {
    const text = await this.redis.client.get(this.mirror.keys.rebuildLast);
    return text ? (JSON.parse(text) as RebuildCertificate) : undefined;
  }

  /** Removes what is left of epochs that are no longer read. */
  async removeLeft(): Promise<void> {
    const { client } = this.redis;
    const { keys } = this.mirror;
    for (const epoch of await client.smembers(keys.leaving)) {
      await removeKeys(client, keys.allOf(epoch));
      await client.srem(keys.leaving, epoch);
    }
  }

  /** Stops a rebuild of this process soon; whoever rebuilds next goes on with it. */
  abandon(): void {
    this.lock?.abandon();
  }

  /**
   * Goes on by itself after Redis or Postgres was away for a moment.
   * @returns undefined when a rebuild is under way elsewhere
   */
  async run(options: RebuildOptions = {}): Promise<RebuildCertificate | undefined> {
    const lock = await RebuildLock.take(this.redis.client, this.mirror.keys.rebuild, randomUUID());
    if (!lock) return undefined;
    this.lock = lock;
    try {
      const watch = await RedisWatch.start(this.redis.client);
      const began = performance.now();
      for (let resumed = 0; ; resumed++) {
        try {
          return await this.build(lock, watch, began, options);
        } catch (error) {
          if (resumed === MOST_RESUMED || !isPassing(error)) throw error;
          this.logger.warn(`a rebuild goes on in a moment: ${errorText(error)}`);
          await delay(RESUMED_AFTER_MS);
          lock.check();
        }
      }
    } finally {
      await lock.release();
    }
  }

  /** @param began when it was, by `performance.now()` */
  private async build(
    lock: RebuildLock,
    watch: RedisWatch,
    began: number,
    options: RebuildOptions,
  ): Promise<RebuildCertificate> {
    const { state, resumed } = await this.open();
    const filled = await this.filler.run(state, resumed, this.states, lock, options);
    await this.states.write({ phase: 'drain' });
    await this.drain(state.epoch, lock);
    await this.states.write({ phase: 'compare' });
    const comparison = await this.prove(state.epoch, options.compare ?? 2_000, lock);
    const bytes = await watch.grown();
    await this.swap(state.epoch);
    const seconds = (performance.now() - began) / 1_000;
    await this.removeLeft();
    const slowest = await watch.slowest();
    const certificate = { ...filled, ...comparison, seconds, bytes, slowest, resumed };
    await this.redis.client.set(this.mirror.keys.rebuildLast, JSON.stringify(certificate));
    return certificate;
  }

  /** Goes on with the epoch that is being built, if its state is there, or begins one. */
  private async open(): Promise<{ state: RebuildState; resumed: boolean }> {
    const { client } = this.redis;
    const { keys } = this.mirror;
    const [building, known] = await Promise.all([client.hget(keys.epoch, 'building'), this.states.read()]);
    if (building !== null && known?.epoch === building) return { state: known, resumed: true };
    if (building !== null) await removeKeys(client, keys.allOf(building));
    const epoch = Date.now().toString(36);
    const state: RebuildState = {
      epoch,
      phase: 'fill',
      cursor: '0',
      reach: '0',
      edges: 0,
      total: 0,
      startedAt: Date.now(),
    };
    await client.del(keys.rebuildState);
    await this.states.write(state);
    await client.hset(keys.epoch, 'building', epoch, 'filling', '1');
    return { state, resumed: false };
  }

  /**
   * Replays the log until it is empty, and loads those anew whose changes have gaps. Who they are stands in Redis from the
   * moment at which the log forgets it, so that being cut off in between loses nobody.
   */
  private async drain(epoch: string, lock: RebuildLock): Promise<void> {
    const { client } = this.redis;
    const { keys } = this.mirror;
    for (let drained = 0; drained === 0;) {
      lock.check();
      drained = await drainLog.run(client, [keys.epoch], [keys.root, epoch, LOG_ENTRIES_PER_CALL]);
      if (drained === -1) throw overtaken();
    }
    for (;;) {
      lock.check();
      const owners = await client.srandmember(keys.behind(epoch), OWNERS_PER_LOAD);
      if (owners.length === 0) return;
      await this.mirror.load(epoch, owners);
      await client.srem(keys.behind(epoch), ...owners);
    }
  }

  /** Compares users with Postgres. An epoch that is not right is given up, and the next rebuild begins anew. */
  private async prove(epoch: string, compare: number | 'all', lock: RebuildLock) {
    let compared = 0;
    for await (const ids of this.users.spread(compare, COMPARED_PER_BATCH)) {
      lock.check();
      const [wrong] = await this.comparison.compare(epoch, ids);
      if (wrong) {
        await this.states.clear();
        throw new Error(
          `The rebuilt mirror is not right, so it is not used: ${wrong.userId} ${wrong.detail}`,
        );
      }
      compared += ids.length;
    }
    return { compared, mismatches: 0 };
  }

  private async swap(epoch: string): Promise<void> {
    if (!(await this.mirror.swap(epoch))) throw overtaken();
    await this.states.clear();
  }
}

const overtaken = (): Error =>
  new Error('The rebuild was overtaken: Redis was wiped, or another rebuild began.');
