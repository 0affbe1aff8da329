import { Injectable } from '@nestjs/common';
import type { Id } from '../../platform/ids/ids.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { Mirror } from '../mirror/mirror.js';

/** How many ids one SSCAN returns, about: Redis is held up for well under a millisecond by them. */
export const IDS_PER_SCAN = 2_000;
/** Of those who follow more than this, so many are looked at; MOST_FOLLOWS allows no more, but imports may go beyond. */
const MOST_FOLLOWED = 10_000;

/** Reads whom a user follows from the mirror, some at a time, so that nobody's list holds Redis up. */
@Injectable()
export class MirroredFollowing {
  constructor(
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
  ) {}

  /**
   * @param cursor where SSCAN goes on; `0` when `begun` is everybody
   * @param begun the ids that were read before
   */
  async read(epoch: string, user: Id, cursor = '', begun: readonly Id[] = []): Promise<Id[]> {
    if (cursor === '0') return [...begun];
    const key = this.mirror.keys.set(epoch, user, 'following');
    // A set that grows or shrinks meanwhile may show somebody twice.
    const ids = new Set(begun);
    let at = cursor || '0';
    do {
      const [next, page] = await this.redis.client.sscan(key, at, 'COUNT', IDS_PER_SCAN);
      for (const id of page) ids.add(id);
      at = next;
    } while (at !== '0' && ids.size < MOST_FOLLOWED);
    return [...ids].slice(0, MOST_FOLLOWED);
  }
}
