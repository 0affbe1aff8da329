import { Injectable } from '@nestjs/common';
import { compareIds, type Id, MAX_ID } from '../platform/ids/ids.js';
import { type AuthorFloor, type TimelinePost, TimelineStore } from '../posts/timeline-store.js';
import { FollowedAmong } from '../relationships/followed-among.js';
import { GraphStore } from '../relationships/graph-store.js';
import type { FollowKind } from '../users/user-view.js';
import { Freshness } from './freshness.js';
import { KnownFollows } from './known-follows.js';
import { MergedTimelines } from './merged-timelines.js';
import { newest } from './newest.js';
import { type Pending, PendingPosts, pendingPostsBy } from './pending-posts.js';
import { PulledAuthors } from './pulled-authors.js';
import { ReaderStates } from './reader-states.js';

/** What is to be merged with the rows of one reader's feed, as of the moment at which it was asked for. */
export interface Pull {
  /** Whether nothing that was accepted by then is left out. */
  complete: boolean;
  /** Whether the reader's rows have to be filled in behind this read. */
  asleep: boolean;
  /** Whether Redis had heard of every edit and every deletion. */
  told: boolean;
  /** The tag of the first page, if it was asked for and there is one. */
  tag: string | undefined;
  /** Undefined when the rows are all there is, as nearly always. */
  merged: MergedPosts | undefined;
}

export interface MergedPosts {
  /** Posts below `before`, newest first, at most `limit`. */
  page(before: Id | undefined, limit: number): Promise<readonly TimelinePost[]>;
  /** Tells whether a row belongs in the feed: one of an earlier time of following may not have been taken out yet. */
  admission(): Promise<(post: TimelinePost) => boolean>;
}

/** Authors whose posts are to be merged, by what is known of the reader's following them. */
interface Merging {
  /** Whom the reader follows as the mirror has it: since when is yet to be asked. */
  pulledBy: readonly Id[];
  /** Pending posts, newest first. */
  onTheirWay: readonly TimelinePost[];
  /** The version of the reader's relationships in the mirror, if it is known. */
  version: string | undefined;
  tag: string | undefined;
}

/**
 * The pull set of a reader: posts that belong in their feed and are not among its rows, yet or ever. They are those of
 * authors whom too many follow, those that are still on their way, those of authors whose rows are being put in place,
 * and everything for one who slept.
 */
@Injectable()
export class PullSet {
  constructor(
    private readonly pending: PendingPosts,
    private readonly pulled: PulledAuthors,
    private readonly readers: ReaderStates,
    private readonly freshness: Freshness,
    private readonly followed: FollowedAmong,
    private readonly graph: GraphStore,
    private readonly timelines: TimelineStore,
    private readonly merged: MergedTimelines,
    private readonly knownFollows: KnownFollows,
  ) {}

  /**
   * To be asked before the rows are read: what is done in between is then in both, and not in neither.
   * @param tagged whether the tag of the first page is wanted; it comes with what has to be asked for anyway
   */
  async of(reader: Id, kind: FollowKind, tagged = false): Promise<Pull> {
    const asked = Promise.all([this.pending.list(), this.readers.of(reader)]);
    asked.catch(() => undefined);
    const pulled = await this.pulled.list();
    const { likely } = this.pending;
    const ahead = likely && this.merging(reader, kind, likely, pulled, tagged);
    ahead?.catch(() => undefined);
    const [pending, { unplaced, asleep }] = await asked;
    const isLikely = ahead && pending === likely && !asleep;
    const merging = await (isLikely
      ? ahead
      : this.merging(reader, kind, pending, asleep ? [] : pulled, tagged));
    const isAll = !asleep && unplaced.length + merging.onTheirWay.length + merging.pulledBy.length === 0;
    return {
      complete: pending.all,
      told: pending.told,
      asleep,
      // Nothing is written for one who sleeps, so nothing would change the tag.
      tag: asleep ? undefined : merging.tag,
      merged: isAll
        ? undefined
        : this.mergedPosts(reader, kind, asleep ? undefined : unplaced, pending.merged, merging),
    };
  }

  /** @param unplaced authors whose rows are not in their place; none are where it is left out */
  private mergedPosts(
    reader: Id,
    kind: FollowKind,
    unplaced: readonly Id[] | undefined,
    merged: bigint,
    { onTheirWay, pulledBy, version }: Merging,
  ): MergedPosts {
    // Rows are read meanwhile.
    const known = this.follows(reader, kind, unplaced);
    known.catch(() => undefined);
    return {
      page: async (before, limit) => {
        const kept = await this.merged.below(pulledBy, merged, before, limit);
        const candidates = newest([below(onTheirWay, before), byId(kept.posts)], ({ id }) => id, Infinity);
        const [merging, reached] = await Promise.all([
          this.pageOf(reader, kind, known, kept.beyond, before, limit),
          this.reaching(reader, kind, version, candidates, limit),
        ]);
        return newest([merging, reached], ({ id }) => id, limit);
      },
      admission: async () => {
        const floors = floorsOf(await known);
        return ({ id, authorId }) => compareIds(id, floors.get(authorId) ?? '0') >= 0;
      },
    };
  }

  /** Whose posts are to be merged; by one question to Redis where the tag is wanted as well. */
  private async merging(
    reader: Id,
    kind: FollowKind,
    pending: Pending,
    pulled: readonly Id[],
    tagged: boolean,
  ): Promise<Merging> {
    const look = tagged ? await this.freshness.look(reader, kind, pending, pulled) : undefined;
    if (look) return look;
    const [pendingBy, pulledBy] = await Promise.all([
      this.followed.find(reader, kind, pending.authors),
      this.followed.find(reader, kind, pulled),
    ]);
    return {
      onTheirWay: pendingPostsBy(pending, pendingBy),
      pulledBy,
      version: undefined,
      tag: undefined,
    };
  }

  /** Posts of authors since whenever the reader follows them: `known`, and others whose floors are yet to be asked. */
  private async pageOf(
    reader: Id,
    kind: FollowKind,
    known: Promise<AuthorFloor[]>,
    others: readonly Id[],
    before: Id | undefined,
    limit: number,
  ): Promise<TimelinePost[]> {
    const [authors, more] = await Promise.all([known, this.follows(reader, kind, others)]);
    return this.timelines.page([...authors, ...more], before, limit);
  }

  /** Whom of some authors the reader follows in this way, and from which post on; of all where none are given. */
  private async follows(
    reader: Id,
    kind: FollowKind,
    among: readonly Id[] | undefined,
  ): Promise<AuthorFloor[]> {
    if (among?.length === 0) return [];
    const follows = among ? this.graph.followsAmong(reader, among) : this.graph.followsOf(reader);
    return (await follows).filter((follow) => follow.kind === kind);
  }

  /** The first `limit` of the posts that lie within the reader's follows; no more authors are asked about than it takes. */
  private async reaching(
    reader: Id,
    kind: FollowKind,
    version: string | undefined,
    posts: readonly TimelinePost[],
    limit: number,
  ): Promise<TimelinePost[]> {
    const reached: TimelinePost[] = [];
    for (let start = 0; start < posts.length && reached.length < limit; start += limit) {
      const next = posts.slice(start, start + limit);
      const authors = [...new Set(next.map(({ authorId }) => authorId))];
      const follows = await this.knownFollows.among(reader, version, authors);
      const floors = floorsOf(follows.filter((follow) => follow.kind === kind));
      reached.push(...next.filter(({ id, authorId }) => compareIds(id, floors.get(authorId) ?? MAX_ID) >= 0));
    }
    return reached.slice(0, limit);
  }
}

const floorsOf = (follows: readonly AuthorFloor[]): Map<Id, Id> =>
  new Map(follows.map(({ subjectId, floor }) => [subjectId, floor]));

const byId = (posts: readonly TimelinePost[]): readonly TimelinePost[] =>
  [...posts].sort((a, b) => compareIds(b.id, a.id));

const below = (posts: readonly TimelinePost[], before: Id | undefined): readonly TimelinePost[] =>
  before === undefined ? posts : posts.filter(({ id }) => compareIds(id, before) < 0);
