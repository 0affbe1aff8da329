import { setTimeout as delay } from 'node:timers/promises';
import type { ActivityStore } from '../../src/activities/activity-store.js';
import type { Recipient } from '../../src/activities/activity.js';

const FIRST_ENTRY = 1_000;
const PAUSE_MS = 40;

/** Writes rows one after the other, each until everybody has it, whoever is away meanwhile. */
export class SteadyWriter {
  /** How many rows everybody has. */
  written = 0;
  private going = false;
  private running = Promise.resolve();

  constructor(
    private readonly store: ActivityStore,
    private readonly people: readonly Recipient[],
  ) {}

  start(): void {
    this.going = true;
    this.running = this.writeOn();
    // Whoever stops it hears of it.
    this.running.catch(() => undefined);
  }

  /** Ends once the row that is being written has arrived everywhere. @throws what kept a row from being written */
  async stop(): Promise<void> {
    this.going = false;
    await this.running;
  }

  private async writeOn(): Promise<void> {
    while (this.going) {
      await this.write();
      await delay(PAUSE_MS);
    }
  }

  private async write(): Promise<void> {
    const entryId = String(FIRST_ENTRY + this.written);
    const event = { kind: 'post', entryId, actorId: '7', subjectId: entryId } as const;
    let left = [...this.people];
    for (;;) {
      const { refused } = await this.store.write(event, left);
      left = refused.flatMap(({ recipients }) => recipients);
      if (left.length === 0) break;
      await delay(PAUSE_MS);
    }
    this.written++;
  }
}
