import { Injectable } from '@nestjs/common';
import type { Database } from '../platform/database/database.js';
import { ShardRouter } from '../platform/database/shards.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { type ActivityKind, kindOfCode } from './activity.js';
import { leavesOf, type Leaf, onLeaf } from './leaf-statements.js';
import type { StoredRow, Track } from './removal-tracks.js';

/** A row that is to go, and why. */
export interface Wrong {
  row: StoredRow;
  reason: 'duplicate' | 'orphan';
}

/** How many rows of a kind were removed, and why. */
export interface RemovedCount {
  reason: Wrong['reason'];
  kind: ActivityKind;
  rows: number;
}

const countRemoved = sqlFile<{ reason: Wrong['reason']; kind: number; rows: number }>(
  import.meta.url,
  './sql/count-removed.sql',
);
const restoreActivities = sqlFile<{ taken: number }>(import.meta.url, './sql/restore-activities.sql');
const UNDEFINED_TABLE = '42P01';
/** What the fence in a shard raises while its gate is closed. */
const FENCE_CLOSED = 'SL001';
/** What a partition raises that is a copy, to be dropped, of one that has moved to another shard. */
const BUCKET_MOVED = 'SL002';

/** Walks the activities of a shard and removes rows of them; each removed row is kept in `activities_removed`. */
@Injectable()
export class ActivityRemoval {
  constructor(private readonly shards: ShardRouter) {}

  /** The tables in which a shard's activities lie, by name. */
  leaves(shard: number): Promise<Leaf[]> {
    return leavesOf(this.shard(shard));
  }

  /**
   * The rows of a track behind `after`, equal ones side by side and the oldest of them first, `PAGE_ROWS` at most.
   * Empty, too, when the table has gone to another shard.
   */
  async page(shard: number, leaf: string, track: Track, after: StoredRow): Promise<StoredRow[]> {
    try {
      return await this.shard(shard).tuples(onLeaf(track.page, leaf), track.position(after));
    } catch (error) {
      if (codeOf(error) === UNDEFINED_TABLE) return [];
      throw error;
    }
  }

  /**
   * Removes rows and keeps copies, in one transaction. May be repeated: what is gone is left out, and of duplicates one
   * stays however many remove them at the same time.
   * @returns how many rows went now; `closed` when the shard's gate is closed: none did then
   */
  async remove(
    shard: number,
    leaf: string,
    track: Track,
    repairId: Id,
    wrong: readonly Wrong[],
  ): Promise<{ duplicates: number; orphans: number } | 'closed'> {
    if (wrong.length === 0) return { duplicates: 0, orphans: 0 };
    const columns = COLUMNS.map((column) => wrong.map(({ row }) => row[column]));
    const parameters = [...columns, wrong.map(({ reason }) => reason), repairId];
    try {
      return (await this.shard(shard).query(onLeaf(track.remove, leaf), parameters))[0]!;
    } catch (error) {
      if (codeOf(error) === FENCE_CLOSED) return 'closed';
      if (codeOf(error) === BUCKET_MOVED) return { duplicates: 0, orphans: 0 };
      throw error;
    }
  }

  /** What a repair has removed from a shard. */
  async removed(shard: number, repairId: Id): Promise<RemovedCount[]> {
    const rows = await this.shard(shard).query(countRemoved, [repairId]);
    return rows.map(({ kind, ...count }) => ({ ...count, kind: kindOfCode(kind) }));
  }

  /**
   * Puts some of the orphans back that a repair has removed.
   * @returns whether there may be more
   */
  async restore(shard: number, repairId: Id): Promise<boolean> {
    return (await this.shard(shard).query(restoreActivities, [repairId]))[0]!.taken > 0;
  }

  private shard(number: number): Database {
    return this.shards.shards[number]!;
  }
}

const COLUMNS = [0, 1, 2, 3, 4, 5, 6] as const;

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
