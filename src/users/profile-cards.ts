import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { Transaction } from '../platform/database/primary.js';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { ChangeLog } from '../platform/redis/change-log.js';
import { KeptCopies } from '../platform/redis/kept-copies.js';
import { LeasedCache } from '../platform/redis/leased-cache.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { cardsChanged } from './user-events.js';
import { type UserRow, UserStore } from './user-store.js';

/** Some 50,000 cards. */
const MOST_KEPT_BYTES = 32 << 20;

/**
 * The profile cards: what a page shows of its people, from Redis, and from Postgres where Redis has none. Whatever changes
 * a user's public columns says so to `changed`, in the same transaction.
 *
 * A card holds the number of posts too: it is read by the same key as the rest, so that of a popular author's post only
 * one row has to be read again, once, however many read the card.
 */
@Injectable()
export class ProfileCards {
  private readonly cache: LeasedCache<UserRow>;
  private readonly kept: KeptCopies<Readonly<UserRow>>;

  constructor(
    config: Config,
    redis: GraphRedis,
    log: ChangeLog,
    metrics: Metrics,
    users: UserStore,
    private readonly outbox: Outbox,
  ) {
    this.cache = new LeasedCache(redis, metrics, {
      name: 'card',
      prefix: config.redis.prefix,
      source: async (ids) =>
        new Map([...(await users.byIds(ids))].map(([id, row]) => [id, JSON.stringify(row)])),
      decode: (_, text) => JSON.parse(text) as UserRow,
    });
    this.kept = new KeptCopies(log, metrics, {
      name: 'card',
      mostBytes: MOST_KEPT_BYTES,
      sizeOf: ({ name, bio, avatar_url }) => 500 + 2 * (name.length + bio.length + (avatar_url?.length ?? 0)),
      source: (ids) => this.cache.byIds(ids),
    });
  }

  /**
   * The cards of these users, in their order; undefined for who does not exist (any more).
   * @param caughtUp a catch-up with the log of changes that the caller has begun
   */
  inOrder(ids: readonly Id[], caughtUp?: Promise<boolean>): Promise<(Readonly<UserRow> | undefined)[]> {
    return this.kept.inOrder(ids, caughtUp);
  }

  /**
   * Has cards forgotten once the caller's transaction has committed: the next read after it sees the change. Should this
   * process or Redis be gone by then, the job `cards.changed` does it.
   */
  async changed(transaction: Transaction, userIds: Id[]): Promise<void> {
    await this.outbox.recordAndDo(transaction, cardsChanged, { userIds }, () => this.forget(userIds));
  }

  /** Has these cards read anew from Postgres. @throws when Redis is away */
  async forget(ids: readonly Id[]): Promise<void> {
    await this.cache.forget(ids);
    await this.kept.changed(ids);
  }
}
