import { Logger } from '@nestjs/common';
import pLimit from 'p-limit';
import type { Gate } from '../../fanout/gate.js';
import type { Database } from '../../platform/database/database.js';
import { errorText } from '../../platform/error-text.js';
import type { Id } from '../../platform/ids/ids.js';
import { Periodic } from '../../platform/periodic.js';
import type { BuildStore, IndexWork, ShardState } from './build-store.js';
import { GateHold, type HoldOptions } from './gate-hold.js';
import { ShardBuilder } from './shard-builder.js';

const BEAT_MS = 1_000;

/** Everything that a build needs. */
export interface BuildPlan {
  id: Id;
  runner: string;
  work: IndexWork;
  table: string;
  /** By number; those that the work names. */
  shards: ReadonlyMap<number, Database>;
  /** Which gates are closed: the one before all shards, or those of the shards that are worked on. */
  gates: 'all' | 'each';
  /** How many shards at a time. */
  parallel: number;
  hold: HoldOptions;
}

/** Why a build is to end early: somebody wants it to, or its process is stopping. */
export type StopReason = 'aborted' | 'interrupted';

/** One build under way in this process. */
export class BuildRun {
  private readonly logger = new Logger('IndexBuild');
  private readonly stopping = new AbortController();
  private readonly heart: Periodic;
  private readonly hold: GateHold;
  private stopped: StopReason | undefined;

  constructor(
    private readonly plan: BuildPlan,
    private readonly store: BuildStore,
    gate: Gate,
  ) {
    this.hold = new GateHold(gate, plan.hold);
    this.heart = new Periodic('IndexBuild', BEAT_MS, () => this.beat());
  }

  /** Cancels what is being built; what is finished stays. */
  stop(reason: StopReason): void {
    this.stopped ??= reason;
    this.stopping.abort(new Error(`It was ${reason}.`));
  }

  /**
   * Closes the gate, builds on every shard, opens the gate, and writes down what came of it. What goes wrong is written
   * down as well, not thrown.
   */
  async run(): Promise<void> {
    this.heart.start();
    let failure: string | undefined;
    let outcomes: ShardState[] = [];
    try {
      if (!this.plan.work.concurrently) await this.closeGates();
      outcomes = await this.workOnShards();
    } catch (error) {
      failure = errorText(error);
    } finally {
      await this.openGates();
      await this.heart.stop();
    }
    const isWhole = failure === undefined && outcomes.every(isThere);
    // A stop that came too late has stopped nothing.
    const state = isWhole ? 'done' : (this.stopped ?? 'failed');
    this.logger.log(`${this.plan.id} is ${state}${failure ? `: ${failure}` : ''}`);
    await this.record(() => this.store.finish(this.plan.id, this.plan.runner, state, failure ?? null));
  }

  /** Those of some shards alone, or the one before all. */
  private async closeGates(): Promise<void> {
    const { id, runner, shards, gates } = this.plan;
    for (const shard of gates === 'all' ? [undefined] : shards.keys()) {
      this.stopping.signal.throwIfAborted();
      await this.hold.close(shard);
      await this.store.noteGates(id, runner, this.hold.gates);
    }
  }

  /** If the primary is away, they open at their deadline. */
  private async openGates(): Promise<void> {
    await this.hold
      .open()
      .catch((error: unknown) => this.logger.warn(`opening the gate: ${errorText(error)}`));
  }

  private workOnShards(): Promise<ShardState[]> {
    const limit = pLimit(this.plan.parallel);
    return Promise.all(
      [...this.plan.shards].map(([number, shard]) => limit(() => this.workOn(number, shard))),
    );
  }

  /** A shard that fails does not keep the others back. */
  private async workOn(number: number, shard: Database): Promise<ShardState> {
    const { id, runner } = this.plan;
    if (this.stopping.signal.aborted) return 'waiting';
    const note = (state: ShardState, more: object) =>
      this.record(() => this.store.noteShard(id, runner, number, { state, ...more }));
    const now = () => new Date().toISOString();
    try {
      const state = await ShardBuilder.run(
        shard,
        this.plan.table,
        this.stopping.signal,
        async (builder, session) => {
          await note('running', { session, startedAt: now() });
          return this.workWith(builder);
        },
      );
      await note(state, { finishedAt: now() });
      return state;
    } catch (error) {
      const state = this.stopped ? 'aborted' : 'failed';
      await note(state, { finishedAt: now(), detail: errorText(error) });
      return state;
    }
  }

  private async workWith(builder: ShardBuilder): Promise<ShardState> {
    const { work } = this.plan;
    if (work.action === 'build')
      return (await builder.build(work.spec, work.concurrently)) === 'built' ? 'done' : 'present';
    await builder.drop(work.name, work.concurrently);
    return 'done';
  }

  private async beat(): Promise<void> {
    const abort = await this.store.beat(this.plan.id, this.plan.runner);
    if (abort === undefined) this.stop('interrupted');
    else if (abort) this.stop('aborted');
    await this.hold.keep();
  }

  /** What is written down is for those who look on; the work does not depend on it. */
  private async record(write: () => Promise<void>): Promise<void> {
    await write().catch((error: unknown) => this.logger.warn(`not written down: ${errorText(error)}`));
  }
}

const isThere = (state: ShardState): boolean => state === 'done' || state === 'present';
