import { Injectable } from '@nestjs/common';
import type { StoredRow } from '../../activities/removal-tracks.js';
import { PrimaryDatabase, type Transaction } from '../../platform/database/primary.js';
import { sqlFile } from '../../platform/database/sql.js';
import type { Id } from '../../platform/ids/ids.js';
import { defineJob } from '../../platform/queues/job.js';
import { Outbox } from '../../platform/outbox/outbox.js';
import { mustBeAlone } from '../long-work.js';

export type RepairState = 'running' | 'done' | 'failed' | 'aborted';
export type Phase = 'waiting' | 'preparing' | 'walking' | 'finishing' | 'cleaning' | 'done';

/** One step of a shard's part in a repair. */
export interface StepJob {
  repairId: Id;
  shard: number;
  step: number;
}

/** Removes the wrong ones of some rows; behind everything that somebody waits for. */
export const repairWalk = defineJob<StepJob>('activities.repair', 'activities', 20);
/** What a repair does beside the removals: it may take long, and the last of it needs a quiet queue of activities. */
export const repairUpkeep = defineJob<StepJob>('activities.repair-upkeep', 'maintenance');

/** Puts back what a repair took for orphans on one shard. */
export const restoreOrphans = defineJob<{ repairId: Id; shard: number }>(
  'activities.restore',
  'activities',
  20,
);

/** How far a walk has come: behind a row, in one of the tables, on one of the two tracks. */
export interface Position {
  leaf: string;
  track: number;
  after: StoredRow;
}

export interface PartRow {
  shard: number;
  phase: Phase;
  /** A bigint. */
  step: string;
  position: Position | null;
  rows_total: number;
  rows_seen: number;
  duplicates: number;
  orphans: number;
  error: string | null;
  stepped_at: Date;
}

export type OpenPart = PartRow & { rows_per_second: number | null };

export interface RepairRow {
  id: Id;
  state: RepairState;
  requested_by: string;
  rows_per_second: number | null;
  started_at: Date;
  finished_at: Date | null;
}

/** What a step changes. */
export interface StepTaken {
  phase: Phase;
  position?: Position;
  rowsTotal?: number;
  rowsSeen?: number;
  duplicates?: number;
  orphans?: number;
  /** Why the part cannot go on; somebody has to look, and to start it again. */
  error?: string;
  /** How long the next step waits, in milliseconds. */
  pauseMs?: number;
}

const file = <Row>(name: string) => sqlFile<Row>(import.meta.url, `./sql/${name}.sql`);
const insertRepair = file<{ id: Id }>('insert-repair');
const latestRepair = file<{ id: Id; state: RepairState }>('latest-repair');
const readRepair = file<RepairRow>('read-repair');
const readParts = file<PartRow>('read-parts');
const readPart = file<OpenPart>('read-part');
const takeStep = file<{ step: string }>('take-step');
const nextWaiting = file<{ shard: number; step: string }>('next-waiting');
const endRepair = file('end-repair');
const lockRepair = file('lock-repair');
const resumeRepair = file<{ id: Id }>('resume-repair');
const resumeParts = file<{ shard: number; step: string; phase: Phase }>('resume-parts');
const abortRepair = file<{ id: Id }>('abort-repair');
const cleanParts = file<{ shard: number; step: string }>('clean-parts');

/** How many shards a repair works on at a time. */
const SHARDS_AT_A_TIME = 4;

/**
 * The state of repairs: the only place that names their tables. Each step of a shard's part is a job, recorded in the
 * transaction that takes the step before it; so it is neither lost nor taken twice, whoever dies.
 */
@Injectable()
export class RepairStore {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
  ) {}

  /** @returns the new repair; undefined when one is running */
  async open(by: string, rowsPerSecond: number | undefined, shards: number[]): Promise<Id | undefined> {
    return this.primary.transaction(async (transaction) => {
      await mustBeAlone(transaction, 'repair');
      const [opened] = await transaction.query(insertRepair, [by, rowsPerSecond ?? null, shards]);
      if (opened) await this.startWaiting(transaction, opened.id);
      return opened?.id;
    });
  }

  /** Takes up a failed repair where it failed. @returns false when it is not failed, or another one is running */
  async resume(id: Id, rowsPerSecond: number | undefined): Promise<boolean> {
    return this.primary.transaction(async (transaction) => {
      await mustBeAlone(transaction, 'repair');
      const [resumed] = await transaction.query(resumeRepair, [id, rowsPerSecond ?? null]);
      if (!resumed) return false;
      for (const part of await transaction.query(resumeParts, [id]))
        await this.record(transaction, id, part, part.phase);
      await this.startWaiting(transaction, id);
      return true;
    });
  }

  /** Ends a running repair; its shards clean up behind themselves. @returns false when it is not running */
  async abort(id: Id): Promise<boolean> {
    return this.primary.transaction(async (transaction) => {
      const [aborted] = await transaction.query(abortRepair, [id]);
      if (!aborted) return false;
      for (const part of await transaction.query(cleanParts, [id]))
        await this.record(transaction, id, part, 'cleaning');
      return true;
    });
  }

  async latest(): Promise<{ id: Id; state: RepairState } | undefined> {
    return (await this.primary.query(latestRepair))[0];
  }

  async find(id: Id): Promise<{ repair: RepairRow; parts: PartRow[] } | undefined> {
    const [[repair], parts] = await Promise.all([
      this.primary.query(readRepair, [id]),
      this.primary.query(readParts, [id]),
    ]);
    return repair && { repair, parts };
  }

  /** @returns undefined when the step was taken before, or the repair has ended */
  async part({ repairId, shard, step }: StepJob): Promise<OpenPart | undefined> {
    return (await this.primary.query(readPart, [repairId, shard, step]))[0];
  }

  /** Takes a step, once, and sees to it that the next one comes. */
  async take({ repairId, shard, step }: StepJob, taken: StepTaken): Promise<void> {
    const { phase, position, rowsTotal, rowsSeen, duplicates, orphans, error, pauseMs } = taken;
    await this.primary.transaction(async (transaction) => {
      // Parts that end at the same time would each see the other as not ended.
      await transaction.query(lockRepair, [repairId]);
      const [next] = await transaction.query(takeStep, [
        repairId,
        shard,
        step,
        phase,
        position ? JSON.stringify(position) : null,
        rowsTotal ?? null,
        rowsSeen ?? 0,
        duplicates ?? 0,
        orphans ?? 0,
        error ?? null,
      ]);
      if (!next) return;
      if (phase !== 'done' && error === undefined)
        return this.record(transaction, repairId, { shard, step: next.step }, phase, pauseMs);
      await this.startWaiting(transaction, repairId);
      await transaction.query(endRepair, [repairId]);
    });
  }

  /** Has the orphans put back that a repair has removed from some shards. */
  async restore(repairId: Id, shards: readonly number[]): Promise<void> {
    await this.primary.transaction(async (transaction) => {
      for (const shard of shards) await this.outbox.record(transaction, restoreOrphans, { repairId, shard });
    });
  }

  private async startWaiting(transaction: Transaction, id: Id): Promise<void> {
    for (const part of await transaction.query(nextWaiting, [id, SHARDS_AT_A_TIME]))
      await this.record(transaction, id, part, 'preparing');
  }

  private async record(
    transaction: Transaction,
    repairId: Id,
    { shard, step }: { shard: number; step: string },
    phase: Phase,
    pauseMs = 0,
  ): Promise<void> {
    const job = phase === 'walking' ? repairWalk : repairUpkeep;
    await this.outbox.record(transaction, job, { repairId, shard, step: Number(step) }, pauseMs);
  }
}
