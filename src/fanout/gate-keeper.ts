import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../platform/periodic.js';
import { Backlog } from './backlog.js';
import { Gate } from './gate.js';

/**
 * Looks after the gates once a second, in every worker: they reopen at their deadlines, and pause and fences are what
 * they should be, whatever became of the process that closed them. It also keeps samples of the backlog.
 */
@Injectable()
export class GateKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Periodic[];

  constructor(gate: Gate, backlog: Backlog) {
    this.rounds = [
      new Periodic('Gate', 1_000, () => gate.reconcile()),
      new Periodic('Backlog', 1_000, () => backlog.sample()),
    ];
  }

  onApplicationBootstrap(): void {
    for (const round of this.rounds) round.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.rounds.map((round) => round.stop()));
  }
}
