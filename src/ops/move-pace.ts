import { setTimeout as delay } from 'node:timers/promises';

/** In which share of the time a move copies and compares, unless it is told otherwise. */
export const GENTLE_PACE = 0.25;
export const FULL_PACE = 1;
export const LEAST_PACE = 0.01;

/** Rests in proportion to the work in between. */
export class Pacer {
  private wokeAt = performance.now();

  /** @param pace in which share of the time there may be work */
  constructor(private readonly pace: number) {}

  /** @throws what `signal` says when it comes meanwhile */
  async rest(signal: AbortSignal): Promise<void> {
    const worked = performance.now() - this.wokeAt;
    if (this.pace < FULL_PACE) await delay(worked * (1 / this.pace - 1), undefined, { signal });
    this.wokeAt = performance.now();
  }
}
