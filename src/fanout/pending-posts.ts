import { Injectable } from '@nestjs/common';
import { compareIds, type Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { postPublished } from '../posts/post-published.js';
import type { TimelinePost } from '../posts/timeline-store.js';

/** More posts than these are not looked through, the oldest left out: what lies beyond is incomplete. */
const MOST = 5_000;

/** Posts that have not reached their whole audience yet. */
export interface Pending {
  /** Newest first. */
  posts: readonly TimelinePost[];
  /** Their authors, each once. */
  authors: readonly Id[];
  /** Whether these are all of them. */
  all: boolean;
}

const NONE: Pending = { posts: [], authors: [], all: true };

/** The posts that are on their way: their gate is closed, the queue is behind, or a worker is at it. */
@Injectable()
export class PendingPosts {
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Pending> | undefined;
  private mark = '0 0';
  private known = NONE;

  constructor(private readonly outbox: Outbox) {}

  /**
   * Callers share queries, but never one that began before they asked: whatever was accepted before the call is in the
   * answer. As long as nothing changes, only that is asked.
   */
  list(): Promise<Pending> {
    this.next ??= this.running.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  private begin(): Promise<Pending> {
    this.next = undefined;
    const answer = this.ask();
    this.running = answer;
    return answer;
  }

  private async ask(): Promise<Pending> {
    const mark = await this.outbox.mark(postPublished, MOST + 1);
    if (mark === this.mark) return this.known;
    const rows = await this.outbox.pending(postPublished, MOST + 1);
    const posts = rows
      .slice(0, MOST)
      .map(({ postId, authorId }) => ({ id: postId, authorId }))
      .sort((a, b) => compareIds(b.id, a.id));
    this.known = {
      posts,
      authors: [...new Set(posts.map(({ authorId }) => authorId))],
      all: rows.length <= MOST,
    };
    // The rows may be newer than the mark: then they are read once more than they had to be.
    this.mark = mark;
    return this.known;
  }
}
