import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Sessions } from '../auth/sessions.js';
import { Idempotency } from '../posts/idempotency.js';

const EVERY_MS = 10 * 60_000;

/** Clears away, in every worker, what has had its day: idempotency keys after a day, sessions after their end. */
@Injectable()
export class Janitor implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Janitor');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly idempotency: Idempotency,
    private readonly sessions: Sessions,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.clear(), EVERY_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async clear(): Promise<void> {
    try {
      await this.idempotency.forgetOld();
      await this.sessions.forgetEnded();
    } catch (error) {
      this.logger.warn(`left for the next time: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
