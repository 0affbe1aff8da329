import type { Redis } from 'ioredis';

const LIFE_MS = 10_000;

/** A lock that one holder keeps by renewing it, and that falls free by itself when the holder dies. */
export class RebuildLock {
  private readonly renewal: NodeJS.Timeout;
  private lost = false;

  private constructor(
    private readonly redis: Redis,
    private readonly key: string,
    private readonly owner: string,
  ) {
    this.renewal = setInterval(() => void this.renew(), LIFE_MS / 4);
  }

  /** @returns undefined when somebody else holds it */
  static async take(redis: Redis, key: string, owner: string): Promise<RebuildLock | undefined> {
    const taken = await redis.set(key, owner, 'PX', LIFE_MS, 'NX');
    return taken === 'OK' ? new RebuildLock(redis, key, owner) : undefined;
  }

  /** Makes the holder stop at its next check. */
  abandon(): void {
    this.lost = true;
  }

  /** @throws Error when the lock was lost, so that its holder stops what somebody else may be doing by now */
  check(): void {
    if (this.lost) throw new Error('The rebuild stopped here, to be gone on with.');
  }

  async release(): Promise<void> {
    clearInterval(this.renewal);
    if ((await this.redis.get(this.key)) === this.owner) await this.redis.del(this.key);
  }

  private async renew(): Promise<void> {
    try {
      const holder = await this.redis.get(this.key);
      if (holder === this.owner) await this.redis.pexpire(this.key, LIFE_MS);
      else this.lost = true;
    } catch {
      // Redis is away; the lock may still be ours when it is back, and the next renewal tells.
    }
  }
}
