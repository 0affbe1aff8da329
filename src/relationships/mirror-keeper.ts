import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { MirrorRebuild } from './mirror-rebuild.js';

const CHECK_MS = 1_000;

/** Watches, in every worker, that there is a mirror, and has it rebuilt when there is none (at first, and after a wipe), when an admin asks, or when a rebuild was cut off. */
@Injectable()
export class MirrorKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Mirror');
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> | undefined;

  constructor(private readonly rebuild: MirrorRebuild) {}

  onApplicationBootstrap(): void {
    this.begin();
    this.timer = setInterval(() => this.begin(), CHECK_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.rebuild.abandon();
    await this.checking;
  }

  private begin(): void {
    this.checking ??= this.check().finally(() => (this.checking = undefined));
  }

  private async check(): Promise<void> {
    try {
      const requested = await this.rebuild.takeRequest();
      const settled = (await this.rebuild.isReady()) && !(await this.rebuild.isUnfinished());
      if (settled && !requested) return;
      const built = await this.rebuild.run();
      if (built)
        this.logger.log(
          `built: ${built.users} users, ${built.edges} relationships, ${built.seconds.toFixed(1)} s`,
        );
    } catch (error) {
      this.logger.warn(`not built yet: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
