import type { Id } from '../../src/platform/ids/ids.js';
import type { RelationshipKind } from '../../src/users/user-view.js';

/** What somebody has to somebody; `floor` from which post on it brings posts, while it is a follow. */
interface Standing {
  kind: RelationshipKind;
  floor: bigint;
}

/** A post of the model. It stays when it is deleted: the model knows the whole history. */
export interface ModelPost {
  id: Id;
  author: Id;
  isComment: boolean;
  /** What it reposts without words of its own; undefined for every other post. */
  plainRepostOf: Id | undefined;
  isDeleted: boolean;
}

export type FeedKind = 'friend' | 'noise';

const isFollow = (kind: RelationshipKind | null): kind is FeedKind => kind === 'friend' || kind === 'noise';

/**
 * What everybody's feeds hold, worked out from the whole history in the plainest way: no rows, no queues, no shards. It
 * is told of everything that was accepted, one after the other.
 */
export class FeedModel {
  readonly posts: ModelPost[] = [];
  private readonly byId = new Map<Id, ModelPost>();
  private readonly standings = new Map<string, Standing>();
  private readonly gone = new Set<Id>();

  /** @param backfill how many of an author's latest posts a new follower gets */
  constructor(private readonly backfill: number) {}

  kind(owner: Id, subject: Id): RelationshipKind | null {
    return this.standings.get(`${owner} ${subject}`)?.kind ?? null;
  }

  floor(owner: Id, subject: Id): bigint {
    return this.standings.get(`${owner} ${subject}`)?.floor ?? 0n;
  }

  isHidden(viewer: Id, author: Id): boolean {
    return (
      this.gone.has(author) || this.kind(viewer, author) === 'block' || this.kind(author, viewer) === 'block'
    );
  }

  isThere(post: ModelPost): boolean {
    return !post.isDeleted && !this.gone.has(post.author);
  }

  /** A post that somebody made; one that is known already is a repost that was made before. */
  publish(post: Omit<ModelPost, 'isDeleted'>): void {
    if (this.byId.has(post.id)) return;
    const made = { ...post, isDeleted: false };
    this.byId.set(post.id, made);
    this.posts.push(made);
  }

  /**
   * From which post on somebody gets an author who begins to follow now: the latest and the earliest that is right.
   * They differ by reposts of what is gone, which are cleared away at some time later.
   */
  floors(author: Id): [latest: bigint, earliest: bigint] {
    const all = this.posts.filter((post) => post.author === author && !post.isComment && this.isThere(post));
    const kept = all.filter((post) => this.original(post) !== null);
    const nth = (posts: ModelPost[]) => BigInt(posts.at(-this.backfill)?.id ?? '0');
    return [nth(all), nth(kept)];
  }

  /** @param floor of a follow that begins; one that goes on in another way keeps its own */
  set(owner: Id, subject: Id, kind: RelationshipKind | null, floor: bigint): void {
    const key = `${owner} ${subject}`;
    const before = this.standings.get(key);
    if (kind === null) this.standings.delete(key);
    else
      this.standings.set(key, {
        kind,
        floor: before && isFollow(before.kind) && isFollow(kind) ? before.floor : floor,
      });
    if (kind === 'block' && isFollow(this.kind(subject, owner))) this.standings.delete(`${subject} ${owner}`);
  }

  leave(user: Id): void {
    this.gone.add(user);
    for (const key of [...this.standings.keys()])
      if (key.split(' ').includes(user)) this.standings.delete(key);
  }

  /** The posts of one feed, newest first. */
  feed(viewer: Id, kind: FeedKind): Id[] {
    const posts = this.posts.filter((post) => this.belongs(viewer, post, kind) && this.isShown(viewer, post));
    return posts.map(({ id }) => id).sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));
  }

  /** Whether a post is to be among a reader's rows of one feed, whether it is shown or not. */
  belongs(viewer: Id, post: ModelPost, kind: FeedKind): boolean {
    const standing = this.standings.get(`${viewer} ${post.author}`);
    return (
      standing?.kind === kind && !post.isComment && this.isThere(post) && BigInt(post.id) >= standing.floor
    );
  }

  private isShown(viewer: Id, post: ModelPost): boolean {
    const original = this.original(post);
    if (original === undefined) return true;
    if (original === null || this.isHidden(viewer, original.author)) return false;
    const kind = this.kind(viewer, original.author);
    return kind !== 'mute' && !isFollow(kind);
  }

  /** What a post reposts without words: undefined when it is no such thing, null when that is gone. */
  original(post: ModelPost): ModelPost | null | undefined {
    if (post.plainRepostOf === undefined) return undefined;
    const original = this.byId.get(post.plainRepostOf);
    return original && this.isThere(original) ? original : null;
  }
}
