import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { LeasedCache } from '../platform/redis/leased-cache.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { cardsChanged } from './user-events.js';
import { decodeCard, encodeCard, type ProfileCard, type UserRow } from './profile-card.js';

const usersByIds = sqlFile<UserRow>(import.meta.url, './sql/users-by-ids.sql');

/**
 * The profile cards: what a page shows of its people, from Redis, and from Postgres where Redis has none. Whatever changes
 * a user's public columns says so to `changed`, in the same transaction.
 *
 * A card holds the number of posts too: it is read by the same key as the rest, so that of a popular author's post only
 * one row has to be read again, once, however many read the card.
 */
@Injectable()
export class ProfileCards {
  private readonly reads: BatchedReads<UserRow>;
  private readonly cache: LeasedCache<ProfileCard>;

  constructor(
    config: Config,
    redis: GraphRedis,
    metrics: Metrics,
    primary: PrimaryDatabase,
    private readonly outbox: Outbox,
  ) {
    this.reads = new BatchedReads((ids) => primary.query(usersByIds, [idList(ids)]));
    this.cache = new LeasedCache(redis, metrics, {
      name: 'card',
      prefix: config.redis.prefix,
      source: async (ids) => new Map([...(await this.rows(ids))].map(([id, row]) => [id, encodeCard(row)])),
      decode: decodeCard,
    });
  }

  /** The rows behind the cards, as Postgres has them. */
  rows(ids: readonly Id[]): Promise<Map<Id, Readonly<UserRow>>> {
    return this.reads.byIds(ids);
  }

  /** The cards of these users; who does not exist (any more) is missing from the map. */
  byIds(ids: readonly Id[]): Promise<Map<Id, ProfileCard>> {
    return this.cache.byIds(ids);
  }

  /**
   * Has a user's card forgotten once the caller's transaction has committed: the next read after it sees the change. Should
   * this process or Redis be gone by then, the job `cards.changed` does it.
   */
  async changed(transaction: Transaction, id: Id): Promise<void> {
    await this.outbox.recordAndDo(transaction, cardsChanged, { userIds: [id] }, () => this.forget([id]));
  }

  /** Has these cards read anew from Postgres. @throws when Redis is away */
  forget(ids: readonly Id[]): Promise<void> {
    return this.cache.forget(ids);
  }
}
