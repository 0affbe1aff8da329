import { Injectable } from '@nestjs/common';
import { Gate } from '../../fanout/gate.js';
import type { GateStatus } from '../../fanout/gate-status.js';
import { ReceiptReader } from '../../fanout/receipt-reader.js';
import { ShardRouter } from '../../platform/database/shards.js';
import { sqlFile } from '../../platform/database/sql.js';
import type { Id } from '../../platform/ids/ids.js';
import type { BuildRecord, BuildState, ShardRecord, ShardState } from './build-store.js';
import { renderDefinition } from './index-spec.js';

/** How far a shard is, as Postgres tells of it (pg_stat_progress_create_index). */
export interface BuildProgress {
  phase: string;
  /** What is counted in this phase. */
  unit: 'blocks' | 'tuples';
  done: number;
  total: number;
  partitionsDone: number;
  partitionsTotal: number;
}

export interface ShardView {
  shard: number;
  state: ShardState;
  detail: string | null;
  startedAt: string | null;
  finishedAt: string | null;
  progress: BuildProgress | null;
}

/** A build as those see it who look on. */
export interface BuildView {
  id: Id;
  action: 'build' | 'drop';
  name: string;
  /** What stands in CREATE INDEX behind the table; empty for a drop. */
  definition: string;
  unique: boolean;
  concurrently: boolean;
  state: BuildState;
  detail: string | null;
  requestedBy: string;
  reason: string;
  startedAt: string;
  finishedAt: string | null;
  shards: ShardView[];
  /** The gate and what waits behind it, while the build is running. */
  gate: GateStatus | null;
  /** How long what waits will take to run off once the gate is open, at the pace of late; null when nothing tells. */
  drainSeconds: number | null;
}

interface ProgressRow {
  phase: string;
  blocksDone: number;
  blocksTotal: number;
  tuplesDone: number;
  tuplesTotal: number;
  partitionsDone: number;
  partitionsTotal: number;
}

const readProgress = sqlFile<ProgressRow>(import.meta.url, './sql/read-progress.sql');

/** Presents builds, with what the shards themselves say of those under way. */
@Injectable()
export class BuildViews {
  constructor(
    private readonly shards: ShardRouter,
    private readonly gate: Gate,
    private readonly receipts: ReceiptReader,
  ) {}

  async view(build: BuildRecord): Promise<BuildView> {
    const { work, id, state, detail, requestedBy, reason, startedAt, finishedAt } = build;
    const isBuild = work.action === 'build';
    const isRunning = state === 'running';
    const [shards, gate, pace] = await Promise.all([
      Promise.all(work.shards.map((shard) => this.shardView(shard, build))),
      isRunning ? this.gate.status() : null,
      isRunning ? this.receipts.recentPace() : null,
    ]);
    return {
      id,
      action: work.action,
      name: isBuild ? work.spec.name : work.name,
      definition: isBuild ? renderDefinition(work.spec) : '',
      unique: isBuild && work.spec.unique,
      concurrently: work.concurrently,
      state,
      detail,
      requestedBy,
      reason,
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt?.toISOString() ?? null,
      shards,
      gate,
      drainSeconds: gate && pace ? Math.ceil(gate.backlog.rows / pace) : null,
    };
  }

  private async shardView(shard: number, build: BuildRecord): Promise<ShardView> {
    const record: ShardRecord = build.shards[shard] ?? { state: 'waiting' };
    const { state, detail = null, startedAt = null, finishedAt = null, session } = record;
    const isLive = build.state === 'running' && state === 'running' && session !== undefined;
    return {
      shard,
      state,
      detail,
      startedAt,
      finishedAt,
      progress: isLive ? await this.progress(shard, session) : null,
    };
  }

  /** Null when there is nothing to tell: it has not begun, is over, or the shard cannot be asked. */
  private async progress(shard: number, session: number): Promise<BuildProgress | null> {
    const [row] = (await this.shards.shards[shard]?.query(readProgress, [session]).catch(() => [])) ?? [];
    if (!row) return null;
    const { phase, partitionsDone, partitionsTotal } = row;
    const counts =
      row.tuplesTotal > 0 && row.tuplesDone > 0
        ? { unit: 'tuples' as const, done: row.tuplesDone, total: row.tuplesTotal }
        : { unit: 'blocks' as const, done: row.blocksDone, total: row.blocksTotal };
    return { phase, ...counts, partitionsDone, partitionsTotal };
  }
}
