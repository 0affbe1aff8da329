import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ChangeLog } from '../platform/redis/change-log.js';
import { KeptCopies } from '../platform/redis/kept-copies.js';
import { type PostRow, PostStore } from './post-store.js';

/** Some 30,000 posts of 250 letters. */
const MOST_KEPT_BYTES = 128 << 20;

/**
 * Copies of posts in this process, for the feeds. An edit and a deletion are noted by `Revisions`, which keeps a row in the
 * outbox until they are; a count that Redis could not be told of may be shown as it was for two minutes.
 */
@Injectable()
export class KeptPosts {
  private readonly copies: KeptCopies<Readonly<PostRow>>;

  constructor(log: ChangeLog, metrics: Metrics, store: PostStore) {
    this.copies = new KeptCopies(log, metrics, {
      name: 'post',
      mostBytes: MOST_KEPT_BYTES,
      // With its texts, of which each has the post and the author once more.
      sizeOf: ({ body, mentions }) => 3_000 + 5 * body.length + 20 * mentions.length,
      source: (ids) => store.byIds(ids),
    });
  }

  /**
   * The posts with these ids, in their order; undefined for those that do not exist (any more).
   * @param caughtUp a catch-up with the log of changes that began when everything to be seen had been noted
   */
  inOrder(ids: readonly Id[], caughtUp: Promise<boolean>): Promise<(Readonly<PostRow> | undefined)[]> {
    return this.copies.inOrder(ids, caughtUp);
  }

  /** Notes that posts changed; to be called after the commit. @throws when Redis is away */
  changed(ids: readonly Id[]): Promise<void> {
    return this.copies.changed(ids);
  }
}
