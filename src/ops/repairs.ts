import { Injectable } from '@nestjs/common';
import { ActivityRemoval, type RemovedCount } from '../activities/activity-removal.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { whichShards } from './repair/which-shards.js';
import { type Phase, type RepairState, RepairStore } from './repair/repair-store.js';

export interface RepairOptions {
  by: string;
  /** This shard alone. */
  shard?: number | undefined;
  /** At most so many rows a second are looked at, on each shard. */
  rowsPerSecond?: number | undefined;
}

export interface RepairPart {
  shard: number;
  phase: Phase;
  /** About how many rows there are. */
  rowsTotal: number;
  rowsSeen: number;
  duplicates: number;
  orphans: number;
  /** Why it could not go on; null while it can. */
  error: string | null;
  /** When it last came a step further. */
  steppedAt: string;
}

export interface Repair {
  id: Id;
  state: RepairState;
  requestedBy: string;
  rowsPerSecond: number | null;
  startedAt: string;
  finishedAt: string | null;
  shards: RepairPart[];
}

/**
 * Repairs of activities that lost their unique indexes: duplicates and orphans go, the indexes come back. The workers
 * carry them out, step by step; whoever starts one may watch or leave.
 */
@Injectable()
export class Repairs {
  constructor(
    private readonly store: RepairStore,
    private readonly removal: ActivityRemoval,
    private readonly shards: ShardRouter,
  ) {}

  /**
   * Starts a repair. The last one, if it failed, is taken up where it failed instead, when it is about the same shards.
   * @throws Problem `repair-running`; `invalid-request` when there is no such shard
   */
  async start({ by, shard, rowsPerSecond }: RepairOptions): Promise<Id> {
    const wanted = await whichShards(this.shards, shard);
    const failed = await this.failedBefore(wanted);
    if (failed && (await this.store.resume(failed, rowsPerSecond))) return failed;
    const id = await this.store.open(by, rowsPerSecond, wanted);
    if (!id) throw new Problem('repair-running');
    return id;
  }

  /** The repair that is running. */
  async running(): Promise<Id | undefined> {
    const latest = await this.store.latest();
    return latest?.state === 'running' ? latest.id : undefined;
  }

  /** Ends a running repair; what it has removed stays removed, and kept. @throws Problem `not-found` when it is not running */
  async abort(id: Id): Promise<void> {
    if (!(await this.store.abort(id))) throw new Problem('not-found', 'No such repair is running.');
  }

  /**
   * Has the workers put back what a repair took for orphans; poll `removed` until none is left.
   * @throws Problem `not-found` when there is no such repair, or it is still running
   */
  async restore(id: Id): Promise<Repair> {
    const repair = await this.find(id);
    if (!repair || repair.state === 'running')
      throw new Problem('not-found', 'No such repair has come to its end.');
    await this.store.restore(
      id,
      repair.shards.map(({ shard }) => shard),
    );
    return repair;
  }

  async find(id: Id): Promise<Repair | undefined> {
    const found = await this.store.find(id);
    if (!found) return undefined;
    const { repair, parts } = found;
    return {
      id,
      state: repair.state,
      requestedBy: repair.requested_by,
      rowsPerSecond: repair.rows_per_second,
      startedAt: repair.started_at.toISOString(),
      finishedAt: repair.finished_at?.toISOString() ?? null,
      shards: parts.map((part) => ({
        shard: part.shard,
        phase: part.phase,
        rowsTotal: part.rows_total,
        rowsSeen: part.rows_seen,
        duplicates: part.duplicates,
        orphans: part.orphans,
        error: part.error,
        steppedAt: part.stepped_at.toISOString(),
      })),
    };
  }

  /** What a repair has removed, counted where it is kept. */
  async removed(repair: Repair): Promise<RemovedCount[]> {
    const counts = await Promise.all(
      repair.shards.map(({ shard }) => this.removal.removed(shard, repair.id)),
    );
    const sums = new Map<string, RemovedCount>();
    for (const count of counts.flat()) {
      const key = `${count.reason} ${count.kind}`;
      sums.set(key, { ...count, rows: count.rows + (sums.get(key)?.rows ?? 0) });
    }
    return [...sums.values()];
  }

  private async failedBefore(shards: readonly number[]): Promise<Id | undefined> {
    const latest = await this.store.latest();
    if (latest?.state !== 'failed') return undefined;
    const { parts } = (await this.store.find(latest.id))!;
    return parts.map(({ shard }) => shard).join() === shards.join() ? latest.id : undefined;
  }
}
