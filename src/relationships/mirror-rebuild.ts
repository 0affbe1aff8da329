import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { UserStore } from '../users/user-store.js';
import { GraphStore } from './graph-store.js';
import { Mirror } from './mirror/mirror.js';
import { RebuildLock } from './mirror/rebuild-lock.js';

const swapEpoch = LuaScript.load<string | null>(import.meta.url, './mirror/swap-epoch.lua');
const USERS_PER_BATCH = 500;

export interface RebuildProgress {
  users: number;
  edges: number;
}

/**
 * Builds the mirror anew, beside the one that is read, while changes go to both; then swaps. The counts come out right
 * because an owner counts for those whom they follow exactly from the moment at which their sets are loaded.
 */
@Injectable()
export class MirrorRebuild {
  constructor(
    private readonly redis: GraphRedis,
    private readonly users: UserStore,
    private readonly store: GraphStore,
    private readonly mirror: Mirror,
  ) {}

  /** Whether there is a mirror that can be read. */
  async isReady(): Promise<boolean> {
    return (await this.redis.client.hget(this.mirror.keys.epoch, 'current')) !== null;
  }

  /**
   * @param report told after each batch
   * @returns what was loaded, or undefined when a rebuild is under way elsewhere
   */
  async run(
    report: (progress: RebuildProgress) => void = () => undefined,
  ): Promise<RebuildProgress | undefined> {
    const lock = await RebuildLock.take(this.redis.client, this.mirror.keys.rebuild, randomUUID());
    if (!lock) return undefined;
    try {
      const epoch = await this.open();
      const progress = await this.fill(epoch, lock, report);
      await this.swap(epoch);
      return progress;
    } finally {
      await lock.release();
    }
  }

  /** Starts a new epoch; what an aborted rebuild left of its own is dropped. */
  private async open(): Promise<string> {
    const { client } = this.redis;
    const { keys } = this.mirror;
    const abandoned = await client.hget(keys.epoch, 'building');
    const epoch = Date.now().toString(36);
    await client.hset(keys.epoch, 'building', epoch);
    if (abandoned) await this.drop(abandoned);
    return epoch;
  }

  private async fill(
    epoch: string,
    lock: RebuildLock,
    report: (progress: RebuildProgress) => void,
  ): Promise<RebuildProgress> {
    const progress = { users: 0, edges: 0 };
    let ids = await this.users.idsAfter('0', USERS_PER_BATCH);
    while (ids.length > 0) {
      lock.check();
      const [snapshots, next] = await Promise.all([
        this.store.snapshots(ids),
        this.users.idsAfter(ids.at(-1)!, USERS_PER_BATCH),
      ]);
      await this.mirror.write(epoch, snapshots);
      progress.users += ids.length;
      for (const { friends, noise, blocks, mutes } of snapshots) {
        progress.edges += friends.length + noise.length + blocks.length + mutes.length;
      }
      report({ ...progress });
      ids = next;
    }
    return progress;
  }

  private async swap(epoch: string): Promise<void> {
    const before = await swapEpoch.run(this.redis.client, [this.mirror.keys.epoch], [epoch]);
    if (before === null)
      throw new Error('The rebuild was overtaken: Redis was wiped, or another rebuild began.');
    if (before !== '') await this.drop(before);
  }

  /** Deletes an epoch's keys a few at a time, without holding Redis up. */
  private async drop(epoch: string): Promise<void> {
    const { client } = this.redis;
    let cursor = '0';
    do {
      const [next, found] = await client.scan(cursor, 'MATCH', this.mirror.keys.allOf(epoch), 'COUNT', 1_000);
      if (found.length > 0) await client.unlink(...found);
      cursor = next;
    } while (cursor !== '0');
  }
}
