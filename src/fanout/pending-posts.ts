import { Injectable } from '@nestjs/common';
import { SharedRead } from '../platform/database/shared-read.js';
import { compareIds, type Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { postsRevised } from '../posts/post-events.js';
import { postPublished } from '../posts/post-published.js';
import type { TimelinePost } from '../posts/timeline-store.js';
import { announcementsLost } from './announcements-lost.js';

/** More posts than these are not looked through, the oldest left out: what lies beyond is incomplete. */
const MOST = 5_000;

/** Posts that have not reached their whole audience yet. */
export interface Pending {
  /** Newest first. */
  posts: readonly TimelinePost[];
  /** Their authors, each once. */
  authors: readonly Id[];
  /** Where among them those of each author are: a reader follows a few of many authors. */
  places: ReadonlyMap<Id, readonly number[]>;
  /** Whether these are all of them. */
  all: boolean;
  /** Whether Redis has heard of everything else that shows in feeds: of what was written, edited and deleted. */
  told: boolean;
  /** Grows with each post that is merged from now on and is not among these any more. */
  merged: bigint;
}

/** What no row of it is there for. */
const NO_MARK = '0 0';
const NONE: Pending = { posts: [], authors: [], places: new Map(), all: true, told: true, merged: 0n };
/** Drawn from before a post that is to be merged counts as delivered. */
const MERGED = 'merged_posts';

/** The posts that are on their way: their gate is closed, the queue is behind, or a worker is at it. */
@Injectable()
export class PendingPosts {
  private readonly shared = new SharedRead(() => this.ask());
  private mark = NO_MARK;
  private known = NONE;
  private isSteady = false;

  constructor(private readonly outbox: Outbox) {}

  /**
   * Callers share queries, but never one that began before they asked: whatever was accepted before the call is in the
   * answer. As long as nothing changes, only that is asked.
   */
  list(): Promise<Pending> {
    return this.shared.read();
  }

  /** What {@link list} will most likely answer, for asking ahead: what it has answered twice. */
  get likely(): Pending | undefined {
    return this.isSteady ? this.known : undefined;
  }

  private async ask(): Promise<Pending> {
    const before = this.known;
    const answer = await this.look();
    this.isSteady = answer === before;
    return answer;
  }

  private async look(): Promise<Pending> {
    const topics = [postPublished, announcementsLost, postsRevised];
    const { marks, drawn: merged } = await this.outbox.marks(topics, MOST + 1, MERGED);
    const [mark, ...untold] = marks;
    const told = untold.every((each) => each === NO_MARK);
    if (told !== this.known.told || merged !== this.known.merged)
      this.known = { ...this.known, told, merged };
    if (mark === this.mark) return this.known;
    const { payloads, drawn } = await this.outbox.pending(postPublished, MOST + 1, MERGED);
    const posts = payloads
      .slice(0, MOST)
      .map(({ postId, authorId }) => ({ id: postId, authorId }))
      .sort((a, b) => compareIds(b.id, a.id));
    const places = placesOf(posts);
    this.known = {
      posts,
      authors: [...places.keys()],
      places,
      all: payloads.length <= MOST,
      told,
      merged: drawn,
    };
    // The rows may be newer than the mark: then they are read once more than they had to be.
    this.mark = mark!;
    return this.known;
  }
}

function placesOf(posts: readonly TimelinePost[]): Map<Id, number[]> {
  const places = new Map<Id, number[]>();
  for (const [place, { authorId }] of posts.entries()) {
    const known = places.get(authorId);
    if (known) known.push(place);
    else places.set(authorId, [place]);
  }
  return places;
}

/** Of the posts that are on their way those by some authors, newest first. */
export function pendingPostsBy({ posts, places }: Pending, authors: readonly Id[]): TimelinePost[] {
  if (authors.length === 0) return [];
  // Some hundred of a thousand, mostly: they are found in their order faster than put into it.
  const isTheirs = new Uint8Array(posts.length);
  for (const author of authors) for (const place of places.get(author) ?? []) isTheirs[place] = 1;
  return posts.filter((_, place) => isTheirs[place] === 1);
}
