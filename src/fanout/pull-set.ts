import { Injectable } from '@nestjs/common';
import { compareIds, type Id, MAX_ID } from '../platform/ids/ids.js';
import { type AuthorFloor, type TimelinePost, TimelineStore } from '../posts/timeline-store.js';
import { FollowedAmong } from '../relationships/followed-among.js';
import { GraphStore } from '../relationships/graph-store.js';
import type { FollowKind } from '../users/user-view.js';
import { PendingPosts } from './pending-posts.js';
import { PulledAuthors } from './pulled-authors.js';
import { ReaderStates } from './reader-states.js';

/** What is to be merged with the rows of one reader's feed, as of the moment at which it was asked for. */
export interface Pull {
  /** Whether nothing that was accepted by then is left out. */
  complete: boolean;
  /** Whether the reader's rows have to be filled in behind this read. */
  asleep: boolean;
  /** Posts below `before`, newest first, at most `limit`. */
  page(before: Id | undefined, limit: number): Promise<TimelinePost[]>;
  /** Whether a row belongs in the feed: one of an earlier time of following may not have been taken out yet. */
  admits(post: TimelinePost): boolean;
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
    private readonly followed: FollowedAmong,
    private readonly graph: GraphStore,
    private readonly timelines: TimelineStore,
  ) {}

  /** To be asked before the rows are read: what is done in between is then in both, and not in neither. */
  async of(reader: Id, kind: FollowKind): Promise<Pull> {
    const [pending, pulled, { unplaced, asleep }] = await Promise.all([
      this.pending.list(),
      this.pulled.list(),
      this.readers.of(reader),
    ]);
    const [pendingBy, pulledBy] = await Promise.all([
      this.followed.find(reader, kind, pending.authors),
      asleep ? [] : this.followed.find(reader, kind, pulled),
    ]);
    const merged = asleep ? undefined : [...new Set([...pulledBy, ...unplaced])];
    const authors = await this.follows(reader, kind, merged);
    const floors = new Map(authors.map(({ subjectId, floor }) => [subjectId, floor]));
    const reaches = ({ id, authorId }: TimelinePost) => {
      const floor = floors.get(authorId);
      return floor !== undefined && compareIds(id, floor) >= 0;
    };
    const followed = new Set(pendingBy);
    const onTheirWay =
      followed.size === 0 ? [] : pending.posts.filter(({ authorId }) => followed.has(authorId));
    return {
      complete: pending.all,
      asleep,
      admits: (post) => !floors.has(post.authorId) || reaches(post),
      page: async (before, limit) => {
        const [merging, coming] = await Promise.all([
          this.timelines.page(authors, before, limit),
          this.reaching(reader, kind, below(onTheirWay, before), limit),
        ]);
        return newest([merging, coming], ({ id }) => id, limit);
      },
    };
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
    posts: readonly TimelinePost[],
    limit: number,
  ): Promise<TimelinePost[]> {
    const reached: TimelinePost[] = [];
    for (let start = 0; start < posts.length && reached.length < limit; start += limit) {
      const next = posts.slice(start, start + limit);
      const follows = await this.follows(reader, kind, [...new Set(next.map(({ authorId }) => authorId))]);
      const floors = new Map(follows.map(({ subjectId, floor }) => [subjectId, floor]));
      reached.push(...next.filter(({ id, authorId }) => compareIds(id, floors.get(authorId) ?? MAX_ID) >= 0));
    }
    return reached.slice(0, limit);
  }
}

const below = (posts: readonly TimelinePost[], before: Id | undefined): readonly TimelinePost[] =>
  before === undefined ? posts : posts.filter(({ id }) => compareIds(id, before) < 0);

/** Merges lists that are in descending order of their ids, each entry once. */
export function newest<Entry>(
  lists: readonly (readonly Entry[])[],
  idOf: (entry: Entry) => Id,
  limit: number,
): Entry[] {
  const given = lists.filter((list) => list.length > 0);
  if (given.length <= 1) return (given[0] ?? []).slice(0, limit);
  const byId = new Map<Id, Entry>();
  for (const entry of given.flat()) if (!byId.has(idOf(entry))) byId.set(idOf(entry), entry);
  return [...byId.values()].sort((a, b) => compareIds(idOf(b), idOf(a))).slice(0, limit);
}
