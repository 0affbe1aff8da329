import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Sessions } from '../auth/sessions.js';
import { GateStore } from '../fanout/gate-store.js';
import { Periodic } from '../platform/periodic.js';
import { Idempotency } from '../posts/idempotency.js';

const EVERY_MS = 10 * 60_000;

/**
 * Clears away, in every worker, what has had its day: idempotency keys after a day, sessions after their end, the
 * gate's history after a year.
 */
@Injectable()
export class Janitor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Periodic;

  constructor(idempotency: Idempotency, sessions: Sessions, gate: GateStore) {
    this.rounds = new Periodic('Janitor', EVERY_MS, async () => {
      await idempotency.forgetOld();
      await sessions.forgetEnded();
      await gate.forgetOld();
    });
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }
}
