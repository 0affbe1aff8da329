import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { Transaction } from '../platform/database/primary.js';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { LeasedCache } from '../platform/redis/leased-cache.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { decodePost, encodePost, type PostCard } from './post-card.js';
import { PostStore } from './post-store.js';
import { postsChanged } from './post-published.js';

/**
 * Posts to be shown, from Redis, and from Postgres where Redis has none. Whatever changes or deletes a post says so to
 * `changed`, in the same transaction. What is decided about a post, is decided by `PostStore`.
 */
@Injectable()
export class PostCards {
  private readonly cache: LeasedCache<PostCard>;

  constructor(
    config: Config,
    redis: GraphRedis,
    metrics: Metrics,
    store: PostStore,
    private readonly outbox: Outbox,
  ) {
    this.cache = new LeasedCache(redis, metrics, {
      name: 'post',
      prefix: config.redis.prefix,
      source: async (ids) => new Map([...(await store.byIds(ids))].map(([id, row]) => [id, encodePost(row)])),
      decode: decodePost,
    });
  }

  /** The cards of these posts; those that do not exist (any more) are missing from the map. */
  byIds(ids: readonly Id[]): Promise<Map<Id, PostCard>> {
    return this.cache.byIds(ids);
  }

  /**
   * Has cards forgotten once the caller's transaction has committed: the next read after it sees the change. Should this
   * process or Redis be gone by then, the job `posts.changed` does it.
   */
  async changed(transaction: Transaction, ids: readonly Id[]): Promise<void> {
    const postIds = [...ids];
    await this.outbox.recordAndDo(transaction, postsChanged, { postIds }, () => this.forget(postIds));
  }

  /** Has these cards read anew from Postgres. @throws when Redis is away */
  forget(ids: readonly Id[]): Promise<void> {
    return this.cache.forget(ids);
  }
}
