import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Gate } from './gate.js';

const CHECK_MS = 1_000;

/** Checks the gate once a second, in every worker: it reopens at its deadline and survives a wiped Redis. */
@Injectable()
export class GateKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Gate');
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> | undefined;

  constructor(private readonly gate: Gate) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.check();
    this.timer = setInterval(() => {
      this.checking ??= this.check().finally(() => (this.checking = undefined));
    }, CHECK_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.checking;
  }

  private async check(): Promise<void> {
    await this.gate.reconcile().catch((error: unknown) => {
      this.logger.warn(`could not be checked: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}
