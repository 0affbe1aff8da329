import type { Redis } from 'ioredis';

const PROBE_EVERY_MS = 20;

/** Watches a Redis from the side while it is loaded: how much memory it takes on, and how long it keeps a client waiting. */
export class RedisWatch {
  private slowestMs = 0;
  private probing = false;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly probe: Redis,
    private readonly bytesBefore: number,
  ) {
    this.timer = setInterval(() => void this.ping(), PROBE_EVERY_MS);
  }

  static async start(redis: Redis): Promise<RedisWatch> {
    const probe = redis.duplicate({ enableOfflineQueue: true });
    probe.on('error', () => undefined);
    return new RedisWatch(probe, await usedMemory(probe));
  }

  /** @returns the bytes by which the memory grew, and the slowest answer to a PING, in milliseconds */
  async stop(): Promise<{ bytes: number; slowestMs: number }> {
    clearInterval(this.timer);
    if (this.probe.status === 'end') return { bytes: 0, slowestMs: this.slowestMs };
    const bytes = (await usedMemory(this.probe)) - this.bytesBefore;
    this.probe.disconnect();
    return { bytes, slowestMs: this.slowestMs };
  }

  private async ping(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    const sent = performance.now();
    await this.probe.ping().catch(() => undefined);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - sent);
    this.probing = false;
  }
}

async function usedMemory(redis: Redis): Promise<number> {
  const info = await redis.info('memory');
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0);
}
