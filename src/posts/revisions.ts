import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { Transaction } from '../platform/database/primary.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { KeptPosts } from './kept-posts.js';
import { postsRevised } from './post-events.js';

const noteRevisions = LuaScript.load<number>(import.meta.url, './note-revisions.lua');

const MOST_AUTHORS = 5_000;

/** Who edited or deleted a post lately, for those who ask whether what they have read still looks the same. */
@Injectable()
export class Revisions {
  /** A sorted set in Redis: authors, by when they did so last; '' by when all of them were forgotten. */
  readonly key: string;

  constructor(
    config: Config,
    private readonly redis: GraphRedis,
    private readonly outbox: Outbox,
    private readonly kept: KeptPosts,
  ) {
    this.key = `${config.redis.prefix}posts:revised`;
  }

  /**
   * Has it noted once the caller's transaction has committed; should this process or Redis be gone by then, by a job.
   * @param authorIds those in whose followers' feeds it shows
   */
  async changed(transaction: Transaction, authorIds: Id[], postIds: Id[]): Promise<void> {
    await this.outbox.recordAndDo(transaction, postsRevised, { authorIds, postIds }, () =>
      this.note(authorIds, postIds),
    );
  }

  /** @throws when Redis is away */
  async note(authorIds: readonly Id[], postIds: readonly Id[]): Promise<void> {
    await this.kept.changed(postIds);
    if (authorIds.length > 0)
      await noteRevisions.run(this.redis.client, [this.key], [MOST_AUTHORS, ...authorIds]);
  }
}
