import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Periodic } from '../platform/periodic.js';
import { MirrorRebuild } from './mirror-rebuild.js';

/**
 * Watches, in every worker, that there is a mirror, and has it rebuilt when there is none (at first, and after a wipe),
 * when an admin asks, or when a rebuild was cut off. One that was cut off after the swap leaves an old epoch to be removed.
 */
@Injectable()
export class MirrorKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Mirror');
  private readonly checks = new Periodic('Mirror', 1_000, () => this.check());

  constructor(private readonly rebuild: MirrorRebuild) {}

  onApplicationBootstrap(): void {
    this.checks.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    this.rebuild.abandon();
    return this.checks.stop();
  }

  private async check(): Promise<void> {
    const requested = await this.rebuild.takeRequest();
    const ready = await this.rebuild.isReady();
    const settled = ready && !(await this.rebuild.isUnfinished());
    if (settled && !requested) return this.rebuild.removeLeft();
    // Nobody waits for one while there is a mirror in use.
    const built = await this.rebuild.run({ gentle: ready });
    if (!built) return;
    const { users, edges, seconds } = built;
    this.logger.log(`built: ${users} users, ${edges} relationships, ${seconds.toFixed(1)} s`);
  }
}
