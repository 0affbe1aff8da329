import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Id } from '../../platform/ids/ids.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { GraphStore } from '../graph-store.js';
import type { MirrorSet } from '../mirror/keys.js';
import { Mirror } from '../mirror/mirror.js';
import { compareUser, type Drift, type MirroredUser } from './drift.js';

const SETS: readonly MirrorSet[] = ['following', 'noise', 'blocks', 'mutes', 'blockers'];
const COMMANDS_PER_USER = SETS.length + 1;
/** A difference that is gone when one looks again was a change on its way; so often, and so far apart, one looks. */
const LOOKS = 6;
const LOOK_AGAIN_MS = 250;

/** Compares users in an epoch with Postgres, telling drift from changes that are on their way. */
@Injectable()
export class MirrorComparison {
  constructor(
    private readonly redis: GraphRedis,
    private readonly store: GraphStore,
    private readonly mirror: Mirror,
  ) {}

  /** @returns the differences that stay although nobody changes anything */
  async compare(epoch: string, users: readonly Id[]): Promise<Drift[]> {
    let drift = await this.look(epoch, users);
    for (let look = 1; look < LOOKS && drift.length > 0; look++) {
      await delay(LOOK_AGAIN_MS);
      drift = await this.look(epoch, [...new Set(drift.map(({ userId }) => userId))]);
    }
    return drift;
  }

  /**
   * Makes the mirror of these users what Postgres says. Followers come first, so that who was missing is not read before
   * they are there.
   */
  async repair(epoch: string, drift: readonly Drift[]): Promise<void> {
    const counted = drift.filter(
      ({ kind }) => kind === 'followers' || kind === 'blockers' || kind === 'missing',
    );
    const truths = await this.store.auditSnapshots([...new Set(counted.map(({ userId }) => userId))]);
    const { keys } = this.mirror;
    for (const { ownerId, followers, blockers } of truths) {
      const key = keys.set(epoch, ownerId, 'blockers');
      const transaction = this.redis.client
        .multi()
        .hset(keys.counts(epoch, ownerId), 'followers', followers)
        .del(key);
      if (blockers.length > 0) transaction.sadd(key, ...blockers);
      await transaction.exec();
    }
    await this.mirror.load(epoch, [...new Set(drift.map(({ userId }) => userId))], true);
  }

  private async look(epoch: string, users: readonly Id[]): Promise<Drift[]> {
    if (users.length === 0) return [];
    const [truths, mirrored] = await Promise.all([this.store.auditSnapshots(users), this.read(epoch, users)]);
    return truths.flatMap((truth) => compareUser(truth, mirrored.get(truth.ownerId)!));
  }

  private async read(epoch: string, users: readonly Id[]): Promise<Map<Id, MirroredUser>> {
    const { keys } = this.mirror;
    const pipeline = this.redis.client.pipeline();
    for (const user of users) {
      pipeline.hmget(keys.counts(epoch, user), 'version', 'followers', 'friends', 'noise');
      for (const name of SETS) pipeline.smembers(keys.set(epoch, user, name));
    }
    const results = (await pipeline.exec()) ?? [];
    const failure = results.find(([error]) => error)?.[0];
    if (failure) throw failure;
    return new Map(
      users.map((user, index) => {
        const at = index * COMMANDS_PER_USER;
        const [version, followers, friends, noise] = results[at]![1] as (string | null)[];
        const sets = SETS.map((name, place) => [name, results[at + 1 + place]![1]] as const);
        const counts = { followers: Number(followers), friends: Number(friends), noise: Number(noise) };
        return [
          user,
          {
            version: version == null ? null : Number(version),
            counts,
            sets: Object.fromEntries(sets) as MirroredUser['sets'],
          },
        ];
      }),
    );
  }
}
