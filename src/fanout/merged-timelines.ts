import { Injectable } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { compareIds, type Id } from '../platform/ids/ids.js';
import { type TimelinePost, TimelineStore } from '../posts/timeline-store.js';

/** So many posts of an author are kept; who reads further down asks Postgres. */
const KEPT_POSTS = 60;
const MOST_AUTHORS = 5_000;
/** Nothing is kept for longer, in milliseconds, whatever it was asked as of. */
const GOOD_FOR_MS = 30_000;

interface Timeline {
  /** Newest first. */
  posts: readonly TimelinePost[];
  /** Whether these are all of them. */
  all: boolean;
  /** How many posts had been merged before it was asked for. */
  merged: bigint;
  readAt: number;
}

/** What of some timelines lies below a post. */
export interface TimelineSlice {
  /** At most `limit` of each author, in no particular order. */
  posts: readonly TimelinePost[];
  /** Those whose timelines are not kept so far down. */
  beyond: readonly Id[];
}

/**
 * The newest posts of authors whose posts are merged, kept in this process for all who follow them. A post that is to be
 * merged is among the pending ones until `merged_posts` was drawn from: so a timeline that was read when no fewer had been
 * drawn than whoever asks has seen, has every post that is not pending to them.
 */
@Injectable()
export class MergedTimelines {
  private readonly kept = new Map<Id, Timeline>();
  private readonly reads: BatchedReads<{ id: Id; posts: Id[] }>;

  constructor(store: TimelineStore) {
    this.reads = new BatchedReads((authors) => store.newest(authors, KEPT_POSTS));
  }

  /**
   * @param merged as `Pending` has it
   * @param before the post below which to look; from the top without it
   */
  async below(
    authors: readonly Id[],
    merged: bigint,
    before: Id | undefined,
    limit: number,
  ): Promise<TimelineSlice> {
    const oldest = performance.now() - GOOD_FOR_MS;
    const isGood = (author: Id) => {
      const timeline = this.kept.get(author);
      return timeline !== undefined && timeline.merged >= merged && timeline.readAt > oldest;
    };
    const missing = authors.filter((author) => !isGood(author));
    if (missing.length > 0) await this.load(missing, merged);
    const posts: TimelinePost[] = [];
    const beyond: Id[] = [];
    for (const author of authors) {
      const timeline = this.kept.get(author);
      const slice = timeline && sliceOf(timeline, before, limit);
      if (slice) posts.push(...slice);
      else beyond.push(author);
    }
    return { posts, beyond };
  }

  private async load(authors: readonly Id[], merged: bigint): Promise<void> {
    const readAt = performance.now();
    const rows = await this.reads.byIds(authors);
    if (this.kept.size > MOST_AUTHORS) this.kept.clear();
    for (const [author, { posts }] of rows) {
      const all = posts.length < KEPT_POSTS;
      if ((this.kept.get(author)?.merged ?? -1n) > merged) continue;
      this.kept.set(author, { posts: posts.map((id) => ({ id, authorId: author })), all, merged, readAt });
    }
  }
}

/** Undefined when it does not reach down so far. */
function sliceOf(
  { posts, all }: Timeline,
  before: Id | undefined,
  limit: number,
): readonly TimelinePost[] | undefined {
  const start = before === undefined ? 0 : posts.findIndex(({ id }) => compareIds(id, before) < 0);
  const slice = start === -1 ? [] : posts.slice(start, start + limit);
  return all || slice.length === limit ? slice : undefined;
}
