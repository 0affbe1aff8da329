import { Injectable } from '@nestjs/common';
import { type Id, timeOfId } from '../platform/ids/ids.js';
import type { Standing } from '../users/graph-view.js';
import type { Person } from '../users/person.js';
import { Profiles, type VisibleUser } from '../users/profiles.js';
import { presentUser, type UserView } from '../users/user-view.js';
import { KeptPosts } from './kept-posts.js';
import { type PostRow, PostStore } from './post-store.js';
import { type PostText, postText, type Reactions } from './post-text.js';
import { ReactionStore } from './reaction-store.js';

/** A post as clients see one. */
export interface PostView {
  id: Id;
  author: UserView;
  body: string;
  createdAt: string;
  editedAt: string | null;
  mentions: UserView[];
  commentOn: Id | null;
  repostOf: PostView | null;
  counts: { comments: number; loves: number; reposts: number; views: number };
  viewer: Reactions;
}

/**
 * Decides whether a viewer is to see a post.
 * @param author how the viewer stands to its author
 * @param original for a repost without words, how the viewer stands to the author of what it reposts
 */
export type Keep = (author: Standing, original: Standing | undefined) => boolean;

/** What the posts of one page are put together from. */
interface Material {
  viewer: Id;
  /** What is reposted. */
  originals: ReadonlyMap<Id, Readonly<PostRow>>;
  /** The authors of the posts, in their order; undefined for whom the viewer may not see. */
  authors: readonly (VisibleUser | undefined)[];
  /** Whom the viewer may see of those who are mentioned or reposted. */
  users: ReadonlyMap<Id, VisibleUser>;
  reactions: ReadonlyMap<Id, Reactions>;
}

type People = Pick<Material, 'authors' | 'users'>;

const NOBODY: ReadonlyMap<Id, VisibleUser> = new Map();
const NONE: ReadonlyMap<Id, Reactions> = new Map();
const NO_REACTIONS: Reactions = { loved: false, reposted: false };

/** Puts together what clients see of a post. */
export function presentPost(
  row: PostRow,
  author: UserView,
  mentions: UserView[],
  repostOf: PostView | null,
  viewer: Reactions,
): PostView {
  return {
    id: row.id,
    author,
    body: row.body,
    createdAt: timeOfId(row.id).toISOString(),
    editedAt: row.edited_at?.toISOString() ?? null,
    mentions,
    commentOn: row.comment_on,
    repostOf,
    viewer,
    counts: {
      comments: row.comments_count,
      loves: row.loves_count,
      reposts: row.reposts_count,
      views: row.views_count,
    },
  };
}

/** Puts together a post in one form or another. */
type Form<Post> = (
  row: Readonly<PostRow>,
  author: VisibleUser,
  mentions: VisibleUser[],
  repostOf: Post | null,
  viewer: Reactions,
) => Post;

const show = ({ person, standing }: VisibleUser): UserView => presentUser(person, standing);
const objectOf: Form<PostView> = (row, author, mentions, repostOf, viewer) =>
  presentPost(row, show(author), mentions.map(show), repostOf, viewer);

/** Posts as a viewer sees them. */
@Injectable()
export class PostViews {
  constructor(
    private readonly store: PostStore,
    private readonly kept: KeptPosts,
    private readonly profiles: Profiles,
    private readonly reactions: ReactionStore,
  ) {}

  /**
   * Posts for ids, in batches: posts, what they repost, their people, and how the viewer stands to those. A post that is
   * gone, or whose author is hidden from the viewer by a block, is missing from the map; so is a repost without words of
   * such a post, or of one by somebody whom the viewer mutes, unless the viewer made it.
   */
  async byIds(viewer: Id, ids: readonly Id[], keep?: Keep): Promise<Map<Id, PostView>> {
    const views = await this.inOrder(viewer, ids, keep);
    return new Map(views.flatMap((view) => (view ? [[view.id, view]] : [])));
  }

  /**
   * As `byIds`, but in the order of the ids; undefined for what would be missing.
   * @param keep decides by the authors whether the viewer is to see a post; by default everything
   * @param caughtUp lets copies do, once the log of changes was caught up with
   */
  inOrder(
    viewer: Id,
    ids: readonly Id[],
    keep?: Keep,
    caughtUp?: Promise<boolean>,
  ): Promise<(PostView | undefined)[]> {
    return this.read(objectOf, viewer, ids, keep, caughtUp);
  }

  /** As `inOrder`, but each post as the JSON text of it. */
  texts(
    viewer: Id,
    ids: readonly Id[],
    keep?: Keep,
    caughtUp?: Promise<boolean>,
  ): Promise<(PostText | undefined)[]> {
    return this.read(postText, viewer, ids, keep, caughtUp);
  }

  private async read<Post>(
    form: Form<Post>,
    viewer: Id,
    ids: readonly Id[],
    keep: Keep = () => true,
    caughtUp: Promise<boolean> | undefined,
  ): Promise<(Post | undefined)[]> {
    const rows = await this.rows(ids, caughtUp);
    const present = rows.filter(isThere);
    const reposted: Id[] = [];
    for (const { repost_of } of present) if (repost_of !== null) reposted.push(repost_of);
    const originals = reposted.length > 0 ? (await this.rows(reposted, caughtUp)).filter(isThere) : [];
    const material = await this.gather(viewer, present, originals, caughtUp);
    let place = 0;
    return rows.map((row) => row && viewOf(form, row, material.authors[place++], material, keep));
  }

  private rows(
    ids: readonly Id[],
    caughtUp: Promise<boolean> | undefined,
  ): Promise<(Readonly<PostRow> | undefined)[]> {
    if (caughtUp) return this.kept.inOrder(ids, caughtUp);
    return this.store.byIds(ids).then((found) => ids.map((id) => found.get(id)));
  }

  private async gather(
    viewer: Id,
    rows: readonly Readonly<PostRow>[],
    originals: readonly Readonly<PostRow>[],
    caughtUp: Promise<boolean> | undefined,
  ): Promise<Material> {
    const all = originals.length > 0 ? [...rows, ...originals] : rows;
    const people =
      caughtUp && hasOneUserEach(all)
        ? this.peopleAtHand(viewer, rows, caughtUp)
        : this.people(viewer, rows, all, caughtUp);
    // A post that nobody loved or reposted need not be asked about.
    const loved = all.filter((row) => row.loves_count > 0 || row.reposts_count > 0);
    const [{ authors, users }, reactions] =
      loved.length > 0 ? await Promise.all([people, this.reactionsTo(viewer, loved)]) : [await people, NONE];
    const byId = new Map(originals.map((row) => [row.id, row]));
    return { viewer, originals: byId, authors, users, reactions };
  }

  /** Of posts of whose authors there are copies, and which show nobody else. */
  private async peopleAtHand(
    viewer: Id,
    rows: readonly Readonly<PostRow>[],
    caughtUp: Promise<boolean>,
  ): Promise<People> {
    const people: Person[] = [];
    // Some ten or twenty people: they are found faster than looked up.
    const places = rows.map(({ author }) => {
      const place = people.indexOf(author!);
      return place === -1 ? people.push(author!) - 1 : place;
    });
    const seen = await this.profiles.seenBy(viewer, people, caughtUp);
    return { authors: places.map((place) => seen[place]), users: NOBODY };
  }

  private async people(
    viewer: Id,
    rows: readonly Readonly<PostRow>[],
    all: readonly Readonly<PostRow>[],
    caughtUp: Promise<boolean> | undefined,
  ): Promise<People> {
    const ids = new Set<Id>();
    for (const { author_id, mentions } of all) {
      ids.add(author_id);
      for (const mention of mentions) ids.add(mention);
    }
    const users = new Map<Id, VisibleUser>();
    for (const user of await this.profiles.visible(viewer, [...ids], { caughtUp }))
      if (user) users.set(user.person.card.id, user);
    const authors = rows.map((row: PostRow) => {
      const author = users.get(row.author_id);
      if (author?.person.isKept) row.author = author.person;
      return author;
    });
    return { authors, users };
  }

  /** What the viewer did with these posts. */
  private async reactionsTo(viewer: Id, rows: readonly Readonly<PostRow>[]): Promise<Map<Id, Reactions>> {
    const found = await this.reactions.of(rows.map(({ id }) => ({ postId: id, userId: viewer })));
    return new Map(rows.map(({ id }, index) => [id, found[index]!]));
  }
}

/** Whether of every post nobody is shown but the author, of whom there is a copy. */
const hasOneUserEach = (rows: readonly Readonly<PostRow>[]): boolean =>
  rows.every(
    ({ author, mentions, repost_of }) => author?.isKept && mentions.length === 0 && repost_of === null,
  );

const isThere = <Value>(value: Value | undefined): value is Value => value !== undefined;

function viewOf<Post>(
  form: Form<Post>,
  row: Readonly<PostRow>,
  author: VisibleUser | undefined,
  material: Material,
  keep: Keep,
): Post | undefined {
  if (!author) return undefined;
  const { users, viewer } = material;
  const original = row.repost_of === null ? undefined : material.originals.get(row.repost_of);
  const originalBy = original && users.get(original.author_id);
  // Who mutes somebody may repost them all the same, and sees what they have reposted.
  const isMuted = originalBy?.standing.kind === 'mute' && row.author_id !== viewer;
  const repostOf = originalBy && !isMuted ? viewOfOne(form, original, originalBy, material, null) : null;
  const isPlainRepost = row.body === '';
  if (isPlainRepost && !repostOf) return undefined;
  if (!keep(author.standing, isPlainRepost ? originalBy?.standing : undefined)) return undefined;
  return viewOfOne(form, row, author, material, repostOf);
}

function viewOfOne<Post>(
  form: Form<Post>,
  row: Readonly<PostRow>,
  author: VisibleUser,
  { users, reactions }: Material,
  repostOf: Post | null,
): Post {
  const mentions = row.mentions.length > 0 ? row.mentions.map((id) => users.get(id)).filter(isThere) : [];
  return form(
    row,
    author,
    mentions,
    repostOf,
    (reactions.size > 0 ? reactions.get(row.id) : undefined) ?? NO_REACTIONS,
  );
}
