import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../platform/periodic.js';
import { Gate } from './gate.js';

/** Checks the gate once a second, in every worker: it reopens at its deadline and survives a wiped Redis. */
@Injectable()
export class GateKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly checks: Periodic;

  constructor(gate: Gate) {
    this.checks = new Periodic('Gate', 1_000, () => gate.reconcile());
  }

  onApplicationBootstrap(): void {
    this.checks.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.checks.stop();
  }
}
