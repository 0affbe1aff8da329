import { Logger } from '@nestjs/common';
import type { Database } from '../../platform/database/database.js';
import { errorText } from '../../platform/error-text.js';
import { Periodic } from '../../platform/periodic.js';
import { MoveContext } from './move-context.js';
import { BEFORE_FLIP, type MoveProgress, type MoveRecord } from './move-states.js';
import { LostMove, type MoveStore } from './move-store.js';
import { STEPS } from './move-steps.js';
import { withoutSecrets } from './secrets.js';

const BEAT_MS = 1_000;

/** Everything that a run needs. */
export interface RunPlan {
  move: MoveRecord;
  runner: string;
  source: Database;
  target: Database;
}

/** Why a run is to end early: somebody gives the move up, or the process is stopping. */
export type StopReason = 'aborted' | 'interrupted';

/** A move that this process carries on, from the state it is in to the next in which it rests. */
export class MoveRun {
  private readonly logger = new Logger('ShardMove');
  private readonly stopping = new AbortController();
  private readonly heart: Periodic;
  private readonly progress: MoveProgress = {};
  private stopped: StopReason | undefined;

  constructor(
    private readonly plan: RunPlan,
    private readonly store: MoveStore,
  ) {
    this.heart = new Periodic('ShardMove', BEAT_MS, () => this.beat());
  }

  /** Ends at the next opportunity. What is aborted is cleared away by this run; what is interrupted, another one goes on with. */
  stop(reason: StopReason): void {
    this.stopped ??= reason;
    this.stopping.abort(new Error(`It was ${reason}.`));
  }

  /** Carries the move on. What goes wrong is written down, not thrown. */
  async run(): Promise<void> {
    const { move, runner } = this.plan;
    this.heart.start();
    let error: string | null = null;
    try {
      await this.advance(this.stopping.signal);
    } catch (failure) {
      if (!this.stopped) error = this.textOf(failure);
      if (this.stopped === 'aborted' && !(failure instanceof LostMove)) error = await this.clearAway();
    } finally {
      await this.heart.stop();
    }
    if (error !== null) this.logger.warn(`${move.id} stands still: ${error}`);
    await this.store
      .leave(move.id, runner, error)
      .catch((failure: unknown) => this.logger.warn(`not written down: ${errorText(failure)}`));
  }

  /** Takes step after step. The state in the primary says which one is next, also for whoever takes over. */
  private async advance(signal: AbortSignal): Promise<void> {
    const { id } = this.plan.move;
    // What this run has not noted itself, the one before may have.
    const move = await this.store.find(id);
    const context = new MoveContext({ ...this.plan, move, signal, progress: this.progress }, this.store);
    try {
      let { state } = move;
      for (let step = STEPS[state]; step; step = STEPS[state]) {
        signal.throwIfAborted();
        this.logger.log(`${id} is ${state}`);
        await step(context);
        await this.beat();
        ({ state } = await this.store.find(id));
      }
    } finally {
      await context.close();
    }
  }

  /** An abort that comes after the flip has come too late, and changes nothing. @returns why it could not end */
  private async clearAway(): Promise<string | null> {
    const { move, runner } = this.plan;
    try {
      const { state } = await this.store.find(move.id);
      if (BEFORE_FLIP.includes(state)) await this.store.advance(move.id, runner, state, 'aborting');
      await this.advance(new AbortController().signal);
      return null;
    } catch (failure) {
      return this.textOf(failure);
    }
  }

  private async beat(): Promise<void> {
    const { move, runner } = this.plan;
    const abort = await this.store.beat(move.id, runner, this.progress);
    if (abort === undefined) this.stop('interrupted');
    else if (abort) this.stop('aborted');
  }

  private textOf(error: unknown): string {
    const { source, target } = this.plan;
    return withoutSecrets(error, [source.directUrl, target.directUrl]);
  }
}
