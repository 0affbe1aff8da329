import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';

const recentlyRevoked = sqlFile<{ id: Id }>(import.meta.url, './sql/recently-revoked.sql');
const POLL_MS = 1_000;
/** How far the polls overlap, for transactions that committed later than their clock says. */
const OVERLAP_SECONDS = 10;

/**
 * The sessions whose access tokens are refused although they have not expired. Each process keeps them in memory and
 * asks the primary once a second for new ones, so that no request pays for a look-up.
 */
@Injectable()
export class RevokedSessions implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('RevokedSessions');
  private readonly forgetAt = new Map<Id, number>();
  private timer: NodeJS.Timeout | undefined;
  private polling = false;
  private lastPoll = 0;

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.poll();
    this.timer = setInterval(() => void this.poll(), POLL_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  has(sessionId: Id): boolean {
    return this.forgetAt.has(sessionId);
  }

  add(sessionIds: readonly Id[]): void {
    const forgetAt = Date.now() + this.tokenLifeMs();
    for (const id of sessionIds) this.forgetAt.set(id, forgetAt);
  }

  private async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    const now = Date.now();
    try {
      const since = Math.min(now - this.lastPoll + OVERLAP_SECONDS * 1_000, this.tokenLifeMs());
      const rows = await this.primary.query(recentlyRevoked, [Math.ceil(since / 1_000)]);
      this.add(rows.map((row) => row.id).filter((id) => !this.has(id)));
      this.lastPoll = now;
      for (const [id, forgetAt] of this.forgetAt) if (forgetAt < now) this.forgetAt.delete(id);
    } catch (error) {
      this.logger.warn(
        `could not read revoked sessions: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      this.polling = false;
    }
  }

  private tokenLifeMs(): number {
    return (this.config.auth.accessTokenSeconds + OVERLAP_SECONDS) * 1_000;
  }
}
