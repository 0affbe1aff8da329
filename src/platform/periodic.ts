import { Logger } from '@nestjs/common';
import { errorText } from './error-text.js';

/** Does something again and again, never twice at a time. A run that fails is logged, and the next one comes. */
export class Periodic {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  /** @param name what the log calls it */
  constructor(
    name: string,
    private readonly everyMs: number,
    private readonly act: () => Promise<void>,
  ) {
    this.logger = new Logger(name);
  }

  /** Begins with a run right now, without waiting for it. */
  start(): void {
    this.run();
    this.timer = setInterval(() => this.run(), this.everyMs);
  }

  /** Ends, and waits for the run under way. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private run(): void {
    this.running ??= this.act()
      .catch((error: unknown) => this.logger.warn(`left for the next time: ${errorText(error)}`))
      .finally(() => (this.running = undefined));
  }
}
