import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../../platform/database/primary.js';
import { sqlFile } from '../../platform/database/sql.js';
import { Problem } from '../../platform/http/problem.js';
import type { Id } from '../../platform/ids/ids.js';
import { mustBeAlone } from '../long-work.js';
import type { HeldGate } from './gate-hold.js';
import type { IndexSpec } from './index-spec.js';

/** What is to be done, on which shards. The same again goes on with what was interrupted. */
export type IndexWork = { shards: number[]; concurrently: boolean } & (
  { action: 'build'; spec: IndexSpec } | { action: 'drop'; name: string }
);

/**
 * `present`: it was as it should be already. `waiting` at the end: its turn never came.
 */
export type ShardState = 'waiting' | 'running' | 'done' | 'present' | 'failed' | 'aborted';

export interface ShardRecord {
  state: ShardState;
  /** Why it failed. */
  detail?: string;
  /** The process id of its session while it is running. */
  session?: number;
  startedAt?: string;
  finishedAt?: string;
}

export type BuildState = 'running' | 'done' | 'failed' | 'aborted' | 'interrupted';

export interface BuildRecord {
  id: Id;
  work: IndexWork;
  state: BuildState;
  detail: string | null;
  requestedBy: string;
  reason: string;
  /** By the shard's number. */
  shards: Record<string, ShardRecord>;
  startedAt: Date;
  finishedAt: Date | null;
}

/** Who wants it, and why. */
export interface Requester {
  by: string;
  reason: string;
}

/** A held gate as it is kept. */
export interface KeptGate {
  shard?: number;
  closedAt: string;
}

/** A build that one runner has to itself. */
export interface Claim {
  id: Id;
  /** Gates that an earlier runner of it has closed, if it did not live to open them. */
  gates: KeptGate[];
}

/** A build that nobody goes on with. */
export interface GivenUp {
  work: IndexWork;
  gates: KeptGate[];
}

const file = <Row>(name: string) => sqlFile<Row>(import.meta.url, `./sql/${name}.sql`);
const lockBuilds = file('lock-builds');
const interruptStale = file('interrupt-stale');
const runningBuild = file<{ id: Id; requestedBy: string }>('running-build');
const resumeBuild = file<Claim>('resume-build');
const insertBuild = file<Claim>('insert-build');
const forgetBuilds = file('forget-builds');
const beat = file<{ abortRequested: boolean }>('beat');
const noteGates = file('note-gates');
const noteShard = file('note-shard');
const finishBuild = file('finish-build');
const requestAbort = file('request-abort');
const giveUpBuild = file<GivenUp>('give-up-build');
const readBuilds = file<BuildRecord>('read-builds');

/** After so long without a sign of life a build's process counts as gone, in seconds. */
const SILENCE_SECONDS = 10;
const KEPT_BUILDS = 500;

/** The builds as the primary keeps them: one at a time is running. */
@Injectable()
export class BuildStore {
  constructor(private readonly primary: PrimaryDatabase) {}

  /** Begins a build, or goes on with an interrupted one of the same work. @throws Problem `index-build-running`, and as `mustBeAlone` */
  claim(work: IndexWork, { by, reason }: Requester, runner: string): Promise<Claim> {
    const waiting = Object.fromEntries(work.shards.map((shard) => [shard, { state: 'waiting' }]));
    const parameters = [JSON.stringify(work), by, runner, JSON.stringify(waiting), reason];
    return this.primary.transaction(async (transaction) => {
      await mustBeAlone(transaction, 'index build');
      await transaction.query(interruptStale, [SILENCE_SECONDS]);
      const [running] = await transaction.query(runningBuild);
      if (running)
        throw new Problem('index-build-running', `It is ${running.id}, begun by ${running.requestedBy}.`);
      const [resumed] = await transaction.query(resumeBuild, parameters);
      if (resumed) return resumed;
      await transaction.query(forgetBuilds, [KEPT_BUILDS]);
      return (await transaction.query(insertBuild, parameters))[0]!;
    });
  }

  /** A sign of life. @returns whether somebody wants it aborted; undefined when the build is not this runner's any more */
  async beat(id: Id, runner: string): Promise<boolean | undefined> {
    return (await this.primary.query(beat, [id, runner]))[0]?.abortRequested;
  }

  async noteGates(id: Id, runner: string, gates: readonly HeldGate[]): Promise<void> {
    await this.primary.query(noteGates, [id, runner, JSON.stringify(gates)]);
  }

  async noteShard(id: Id, runner: string, shard: number, news: ShardRecord): Promise<void> {
    await this.primary.query(noteShard, [id, runner, String(shard), JSON.stringify(news)]);
  }

  async finish(id: Id, runner: string, state: BuildState, detail: string | null): Promise<void> {
    await this.primary.query(finishBuild, [id, runner, state, detail]);
  }

  async requestAbort(id: Id): Promise<void> {
    await this.primary.query(requestAbort, [id]);
  }

  /** Ends an interrupted build for good. @returns undefined when it was not interrupted */
  giveUp(id: Id): Promise<GivenUp | undefined> {
    return this.primary.transaction(async (transaction) => {
      await transaction.query(lockBuilds);
      await transaction.query(interruptStale, [SILENCE_SECONDS]);
      return (await transaction.query(giveUpBuild, [id]))[0];
    });
  }

  async find(id: Id): Promise<BuildRecord | undefined> {
    return (await this.primary.query(readBuilds, [id, 1, SILENCE_SECONDS]))[0];
  }

  /** The newest builds, newest first. */
  newest(limit: number): Promise<BuildRecord[]> {
    return this.primary.query(readBuilds, [null, limit, SILENCE_SECONDS]);
  }
}
