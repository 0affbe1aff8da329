import { Injectable } from '@nestjs/common';
import { type FeedStream, type PlacedPost, PlacementStore } from '../activities/placement-store.js';
import type { ShardRefusal } from '../activities/write-outcome.js';
import { compareIds, firstIdAt, type Id, timeOfId } from '../platform/ids/ids.js';
import { Lanes } from '../platform/queues/lanes.js';
import { PostStore } from '../posts/post-store.js';
import { type TimelinePost, TimelineStore } from '../posts/timeline-store.js';
import { type Follow, GraphStore } from '../relationships/graph-store.js';
import { PendingPosts } from './pending-posts.js';
import { Receipts } from './receipts.js';

const POSTS_PER_STEP = 500;
const READERS_PER_STEP = 1_000;
/** A relationship that changes more often than this while its rows are put in place is left to the jobs of its changes. */
const MOST_TURNS = 10;
/** A change may commit so much later than its id was drawn, in milliseconds. */
const MARGIN_MS = 10_000;

/** The stream in which a follower gets an author's posts. */
const streamOf = ({ kind }: Pick<Follow, 'kind'>): FeedStream => (kind === 'friend' ? 'friends' : 'noise');

/**
 * Makes the rows of feeds equal to what follows from the relationships. Each answers which shard did not take its part;
 * then all of it is to be repeated.
 */
@Injectable()
export class Placements {
  constructor(
    private readonly store: PlacementStore,
    private readonly graph: GraphStore,
    private readonly posts: PostStore,
    private readonly timelines: TimelineStore,
    private readonly pending: PendingPosts,
    private readonly receipts: Receipts,
    private readonly lanes: Lanes,
  ) {}

  /**
   * Whether posts that were published before a change may still be written as the reader stood to the author before it:
   * then what is settled now has to be settled again. To be asked before settling.
   * @param change the id that was drawn for it
   */
  async isEarly(reader: Id, author: Id, change: Id): Promise<boolean> {
    const committed = firstIdAt(new Date(timeOfId(change).getTime() + MARGIN_MS));
    const { posts } = await this.pending.list();
    const earlier = posts.filter(({ id, authorId }) => authorId === author && compareIds(id, committed) < 0);
    return (
      earlier.length > 0 &&
      this.receipts.await(
        earlier.map(({ id }) => id),
        reader,
      )
    );
  }

  /**
   * Brings an author's posts into the right feed of a reader, or takes them out, as the relationship stands now; again if
   * it has changed meanwhile. Post and follow commit one after the other: a post that is too late to be found here finds
   * the reader in its audience.
   */
  async settle(reader: Id, author: Id): Promise<ShardRefusal | undefined> {
    let follow = await this.follow(reader, author);
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const refusal = follow ? await this.bringIn(reader, follow) : await this.store.remove(reader, author);
      if (refusal) return refusal;
      const now = await this.follow(reader, author);
      if (now?.kind === follow?.kind && now?.floor === follow?.floor) return undefined;
      follow = now;
    }
    return undefined;
  }

  /** Writes what a reader is missing of all whom they follow, since a post. */
  async refill(reader: Id, since: Id): Promise<ShardRefusal | undefined> {
    const follows = await this.graph.followsOf(reader);
    const floors = follows.map(({ subjectId, floor }) => ({
      subjectId,
      floor: BigInt(floor) > BigInt(since) ? floor : since,
    }));
    const streams = new Map(follows.map((follow) => [follow.subjectId, streamOf(follow)]));
    return this.fill(reader, floors, (authorId) => streams.get(authorId)!);
  }

  /** Whether one of these posts is still on its way: rows of it may come even after it was taken out. */
  async areComing(posts: readonly Id[]): Promise<boolean> {
    const wanted = new Set(posts);
    return (await this.pending.list()).posts.some(({ id }) => wanted.has(id));
  }

  /** Takes a post out of its audience's feeds. */
  async withdraw(author: Id, post: Id): Promise<ShardRefusal | undefined> {
    for (let before: Id | undefined; ;) {
      const readers = await this.graph.followers(author, before, READERS_PER_STEP);
      if (readers.length === 0) return undefined;
      const refusal = await this.lanes.step(() => this.store.removePost(readers, post));
      if (refusal) return refusal;
      before = readers.at(-1);
    }
  }

  private async bringIn(reader: Id, follow: Follow): Promise<ShardRefusal | undefined> {
    const stream = streamOf(follow);
    const refusal = await this.store.place(reader, follow.subjectId, stream, follow.floor);
    return refusal ?? this.fill(reader, [follow], () => stream);
  }

  private async fill(
    reader: Id,
    authors: readonly Pick<Follow, 'subjectId' | 'floor'>[],
    stream: (author: Id) => PlacedPost['stream'],
  ): Promise<ShardRefusal | undefined> {
    for (let before: Id | undefined; ;) {
      const found = await this.timelines.page(authors, before, POSTS_PER_STEP);
      if (found.length === 0) return undefined;
      const posts = found.map((post) => ({ ...post, stream: stream(post.authorId) }));
      const refusal = (await this.store.fill(reader, posts)) ?? (await this.takeBack(reader, found));
      if (refusal || found.length < POSTS_PER_STEP) return refusal;
      before = found.at(-1)!.id;
    }
  }

  /** Takes out again what was deleted while it was being written: whoever takes deleted posts out may have been here before. */
  private async takeBack(reader: Id, written: readonly TimelinePost[]): Promise<ShardRefusal | undefined> {
    const there = await this.posts.present(written.map(({ id }) => id));
    let refusal: ShardRefusal | undefined;
    for (const { id } of written) if (!there.has(id)) refusal ??= await this.store.removePost([reader], id);
    return refusal;
  }

  private async follow(reader: Id, author: Id): Promise<Follow | undefined> {
    return (await this.graph.followsOf(reader, [author])).at(0);
  }
}
