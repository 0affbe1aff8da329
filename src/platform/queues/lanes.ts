import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import { Config } from '../config/config.js';

/** For so long after an urgent job bulk work goes in small steps, in milliseconds. */
const CONSIDERATE_MS = 1_000;
/** How long a small step lets urgent jobs go first, in milliseconds: bulk work never stands still. */
const LULL_MS = 50;
const SMALL_STEP = 500;
const LARGE_STEP = 2_500;

/**
 * The two lanes of the queue in one process. Bulk jobs never take all places: an urgent one always finds one free. And
 * while there are urgent jobs, bulk work goes one small step at a time, each of which lets them go first.
 */
@Injectable()
export class Lanes {
  /** How many jobs a worker takes at a time: bulk ones that run, one that waits for its turn, and urgent ones. */
  readonly places: number;
  private readonly mostBulk: number;
  private readonly oneAtATime = pLimit(1);
  private bulk = 0;
  private next: (() => void) | undefined;
  private urgent = 0;
  private lastUrgentAt = -Infinity;
  private readonly lulled = new Set<() => void>();

  constructor(config: Config) {
    const { concurrency } = config.fanout;
    this.mostBulk = Math.max(1, concurrency - 1);
    this.places = this.mostBulk + 1 + Math.max(1, concurrency - this.mostBulk);
  }

  /**
   * Counts an urgent job in, from its begin to its end. One that is not done by then, such as a post for very many, has
   * become bulk work itself, and is no reason to hold that up afterwards.
   */
  async urgently(work: () => Promise<'done' | 'open'>): Promise<void> {
    this.urgent++;
    try {
      if ((await work()) === 'done') this.lastUrgentAt = Date.now();
    } finally {
      if (--this.urgent === 0) for (const goOn of this.lulled) goOn();
    }
  }

  /**
   * Runs a bulk job once there is a place for it. One may wait for its turn, so that large fan-outs take turns.
   * @returns false when one waits already: nothing was done, the job is to come back later
   */
  async inBulk(work: () => Promise<unknown>): Promise<boolean> {
    if (this.bulk < this.mostBulk) this.bulk++;
    else if (this.next) return false;
    else await new Promise<void>((resolve) => (this.next = resolve));
    try {
      await work();
    } finally {
      this.leave();
    }
    return true;
  }

  /** How many rows a bulk job should write in its next step. */
  get stepSize(): number {
    return this.isConsiderate ? SMALL_STEP : LARGE_STEP;
  }

  /** Does one step of a bulk job, when urgent jobs let it. */
  step<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.isConsiderate) return work();
    return this.oneAtATime(async () => {
      await this.lull();
      return work();
    });
  }

  private get isConsiderate(): boolean {
    return this.urgent > 0 || Date.now() - this.lastUrgentAt < CONSIDERATE_MS;
  }

  /** Hands the place of a bulk job that has ended to the one that waits. */
  private leave(): void {
    const { next } = this;
    this.next = undefined;
    if (next) next();
    else this.bulk--;
  }

  private async lull(): Promise<void> {
    if (this.urgent === 0) return;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        clearTimeout(timer);
        this.lulled.delete(goOn);
        resolve();
      };
      const timer = setTimeout(goOn, LULL_MS);
      this.lulled.add(goOn);
    });
  }
}
