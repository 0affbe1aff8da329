import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import type { Id } from '../../platform/ids/ids.js';
import { ChangeLog } from '../../platform/redis/change-log.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { LuaScript } from '../../platform/redis/script.js';
import { UserStore } from '../../users/user-store.js';
import type { GraphChange } from '../changes.js';
import { GraphStore } from '../graph-store.js';
import { MirrorKeys } from './keys.js';
import type { OwnerSnapshot } from './owner-snapshot.js';

const SHARED = ['./functions.lua', '../../platform/redis/note.lua'];
const applyChange = LuaScript.load<string[]>(import.meta.url, './apply-change.lua', ...SHARED);
const swapEpoch = LuaScript.load<number>(
  import.meta.url,
  './swap-epoch.lua',
  '../../platform/redis/note.lua',
);
const loadOwner = LuaScript.load<number>(import.meta.url, './load-owner.lua', ...SHARED);

/**
 * The writing side of the mirror. Each owner's changes carry versions without a gap; a change that comes twice or late
 * is ignored, and one that comes too early makes the owner be loaded anew from Postgres, at a version that includes it.
 */
@Injectable()
export class Mirror {
  readonly keys: MirrorKeys;

  constructor(
    config: Config,
    private readonly redis: GraphRedis,
    private readonly log: ChangeLog,
    private readonly store: GraphStore,
    private readonly users: UserStore,
  ) {
    this.keys = new MirrorKeys(config.redis.prefix);
  }

  /** The epoch that is read; undefined while there is none. */
  async currentEpoch(): Promise<string | undefined> {
    return (await this.redis.client.hget(this.keys.epoch, 'current')) ?? undefined;
  }

  /** Applies a change to every epoch there is. */
  async apply(change: GraphChange): Promise<void> {
    const { ownerId, version, subjectId, from, to } = change;
    const args = [this.keys.root, ownerId, version, subjectId, from ?? '', to ?? '', randomUUID()];
    const behind = await applyChange.run(this.redis.client, [this.keys.epoch, ...this.log.keys], args);
    for (const epoch of behind) await this.load(epoch, [ownerId]);
  }

  /** Loads owners from Postgres into every epoch there is. */
  async reload(owners: readonly Id[]): Promise<void> {
    const { current, building } = await this.redis.client.hgetall(this.keys.epoch);
    for (const epoch of [current, building]) if (epoch) await this.load(epoch, owners);
  }

  /**
   * Loads owners from Postgres into an epoch; ids of nobody are passed over.
   * @param force replaces what is there even if it has the same version
   * @returns how many were written
   */
  async load(epoch: string, owners: readonly Id[], force = false): Promise<number> {
    const known = await this.users.known(owners);
    return known.length === 0 ? 0 : this.write(epoch, await this.store.snapshots(known), force);
  }

  /** Makes an epoch that was built the one that is read. @returns false when it is not (yet, or any more) ready */
  async swap(epoch: string): Promise<boolean> {
    const keys = [this.keys.epoch, this.keys.leaving, ...this.log.keys];
    return (await swapEpoch.run(this.redis.client, keys, [epoch, randomUUID()])) === 1;
  }

  /** Writes snapshots into an epoch, in one pipeline. @returns how many were written */
  private async write(epoch: string, snapshots: readonly OwnerSnapshot[], force: boolean): Promise<number> {
    await loadOwner.preload(this.redis.client);
    const pipeline = this.redis.client.pipeline();
    for (const { ownerId, version, friends, noise, blocks, mutes } of snapshots) {
      const sizes = [friends.length, noise.length, blocks.length, mutes.length];
      const args = [this.keys.root, epoch, ownerId, version, force ? '1' : '0', randomUUID(), ...sizes];
      const members = [...friends, ...noise, ...blocks, ...mutes];
      loadOwner.queue(pipeline, [this.keys.epoch, ...this.log.keys], [...args, ...members]);
    }
    const results = (await pipeline.exec()) ?? [];
    const failure = results.find(([error]) => error)?.[0];
    if (failure) throw failure;
    return results.filter(([, written]) => written === 1).length;
  }
}
