import { randomUUID } from 'node:crypto';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { UserStore } from '../users/user-store.js';
import { MirrorComparison } from './audit/mirror-comparison.js';
import { Mirror } from './mirror/mirror.js';

const EVERY_MS = 1_000;
const HOLD_MS = 30_000;

/**
 * Walks slowly over all users, again and again, in one worker at a time, and compares the mirror with Postgres. Drift is
 * counted, logged and mended. Where it is stands in Redis, so that a restart goes on there.
 */
@Injectable()
export class MirrorAuditor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('MirrorAuditor');
  private readonly me = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly config: Config,
    private readonly redis: GraphRedis,
    private readonly users: UserStore,
    private readonly mirror: Mirror,
    private readonly comparison: MirrorComparison,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.relationships.auditUsersPerSecond === 0) return;
    this.timer = setInterval(() => {
      this.looking ??= this.look()
        .catch((error: unknown) =>
          this.logger.warn(`not audited: ${error instanceof Error ? error.message : String(error)}`),
        )
        .finally(() => (this.looking = undefined));
    }, EVERY_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Compares the next few users. */
  private async look(): Promise<void> {
    const epoch = await this.mirror.currentEpoch();
    if (!epoch || !(await this.isMyTurn())) return;
    const { client } = this.redis;
    const { keys } = this.mirror;
    const after = (await client.get(keys.auditCursor)) ?? '0';
    const ids = await this.users.idsAfter(after, this.config.relationships.auditUsersPerSecond);
    const drift = await this.comparison.compare(epoch, ids);
    await client.set(keys.auditCursor, ids.at(-1) ?? '0');
    this.metrics.mirrorAudited.inc(ids.length);
    if (drift.length === 0) return;
    for (const { kind } of drift) this.metrics.mirrorDrift.inc({ kind });
    this.logger.error(
      `drift, to be mended: ${drift
        .slice(0, 3)
        .map((one) => `${one.userId} ${one.detail}`)
        .join('; ')}`,
    );
    await this.comparison.repair(epoch, drift);
  }

  /** Takes the turn, or keeps it; who stops keeping it loses it to another worker. */
  private async isMyTurn(): Promise<boolean> {
    const { client } = this.redis;
    const key = this.mirror.keys.auditor;
    if ((await client.set(key, this.me, 'PX', HOLD_MS, 'NX')) === 'OK') return true;
    if ((await client.get(key)) !== this.me) return false;
    await client.pexpire(key, HOLD_MS);
    return true;
  }
}
