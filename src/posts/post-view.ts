import { Injectable } from '@nestjs/common';
import { type Id, timeOfId } from '../platform/ids/ids.js';
import type { GraphFacts } from '../users/graph-view.js';
import { GraphView } from '../users/graph-view.js';
import { Profiles, type VisibleUser } from '../users/profiles.js';
import { userText } from '../users/user-text.js';
import { presentUser, type UserView } from '../users/user-view.js';
import { KeptPosts } from './kept-posts.js';
import { type PostRow, PostStore } from './post-store.js';
import { type PostText, postText } from './post-text.js';
import { type Reactions, ReactionStore } from './reaction-store.js';

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
export type Keep = (author: GraphFacts, original: GraphFacts | undefined) => boolean;

/** What the posts of one page are put together from. */
interface Material {
  viewer: Id;
  rows: ReadonlyMap<Id, Readonly<PostRow>>;
  facts: ReadonlyMap<Id, GraphFacts>;
  users: ReadonlyMap<Id, VisibleUser>;
  reactions: ReadonlyMap<Id, Reactions>;
}

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

/** In which form posts and their people are put together. */
interface Form<User, Post> {
  user(row: VisibleUser['row'], facts: GraphFacts): User;
  post(
    row: Readonly<PostRow>,
    author: User,
    mentions: User[],
    repostOf: Post | null,
    viewer: Reactions,
  ): Post;
}

const OBJECTS: Form<UserView, PostView> = {
  user: (row, facts) => presentUser(row, facts, facts),
  post: presentPost,
};
const TEXTS: Form<string, PostText> = { user: (row, facts) => userText(row, facts, facts), post: postText };

/** Posts as a viewer sees them. */
@Injectable()
export class PostViews {
  constructor(
    private readonly store: PostStore,
    private readonly kept: KeptPosts,
    private readonly profiles: Profiles,
    private readonly graph: GraphView,
    private readonly reactions: ReactionStore,
  ) {}

  /**
   * Posts for ids, in batches: posts, what they repost, their people, and how the viewer stands to those. A post that is
   * gone, or whose author is hidden from the viewer by a block, is missing from the map; so is a repost without words of
   * such a post, or of one by somebody whom the viewer mutes, unless the viewer made it.
   * @param keep decides by the authors whether the viewer is to see a post; by default everything
   * @param caughtUp lets copies do, once the log of changes was caught up with
   */
  byIds(
    viewer: Id,
    ids: readonly Id[],
    keep: Keep = () => true,
    caughtUp?: Promise<boolean>,
  ): Promise<Map<Id, PostView>> {
    return this.read(OBJECTS, viewer, ids, keep, caughtUp);
  }

  /** As `byIds`, but each post as the JSON text of it. */
  texts(
    viewer: Id,
    ids: readonly Id[],
    keep: Keep = () => true,
    caughtUp?: Promise<boolean>,
  ): Promise<Map<Id, PostText>> {
    return this.read(TEXTS, viewer, ids, keep, caughtUp);
  }

  private async read<User, Post>(
    form: Form<User, Post>,
    viewer: Id,
    ids: readonly Id[],
    keep: Keep,
    caughtUp: Promise<boolean> | undefined,
  ): Promise<Map<Id, Post>> {
    const find = (some: readonly Id[]) =>
      caughtUp ? this.kept.byIds(some, caughtUp) : this.store.byIds(some);
    const rows = await find(ids);
    const reposted = [...rows.values()].flatMap((row) => row.repost_of ?? []);
    const originals = reposted.length > 0 ? await find(reposted) : new Map<Id, PostRow>();
    const all = originals.size > 0 ? new Map([...originals, ...rows]) : rows;
    const material = await this.gather(viewer, all, caughtUp);
    const views = new Map<Id, Post>();
    for (const [id, row] of rows) {
      const view = viewOf(form, row, material, keep);
      if (view) views.set(id, view);
    }
    return views;
  }

  private async gather(
    viewer: Id,
    rows: ReadonlyMap<Id, Readonly<PostRow>>,
    caughtUp?: Promise<boolean>,
  ): Promise<Material> {
    const all = [...rows.values()];
    const people = [...new Set(all.flatMap((row) => [row.author_id, ...row.mentions]))];
    const asked = this.graph.facts(viewer, people);
    const [facts, users, reactions] = await Promise.all([
      asked,
      this.profiles.visible(viewer, people, { known: asked, caughtUp }),
      this.reactionsTo(viewer, all),
    ]);
    return { viewer, rows, facts: new Map(people.map((id, index) => [id, facts[index]!])), users, reactions };
  }

  /** What the viewer did with these posts; a post that nobody loved or reposted need not be asked about. */
  private async reactionsTo(viewer: Id, rows: readonly Readonly<PostRow>[]): Promise<Map<Id, Reactions>> {
    const pairs = rows
      .filter((row) => row.loves_count > 0 || row.reposts_count > 0)
      .map((row) => ({ postId: row.id, userId: viewer }));
    const found = pairs.length > 0 ? await this.reactions.of(pairs) : [];
    return new Map(pairs.map(({ postId }, index) => [postId, found[index]!]));
  }
}

function viewOf<User, Post>(
  form: Form<User, Post>,
  row: Readonly<PostRow>,
  material: Material,
  keep: Keep,
): Post | undefined {
  const { facts, viewer } = material;
  const original = row.repost_of === null ? undefined : material.rows.get(row.repost_of);
  const originalBy = original && facts.get(original.author_id);
  // Who mutes somebody may repost them all the same, and sees what they have reposted.
  const isMuted = originalBy?.kind === 'mute' && row.author_id !== viewer;
  const repostOf = original && !isMuted ? viewOfOne(form, original, material, null) : null;
  const isPlainRepost = row.body === '';
  if (isPlainRepost && !repostOf) return undefined;
  if (!keep(facts.get(row.author_id)!, isPlainRepost ? originalBy : undefined)) return undefined;
  return viewOfOne(form, row, material, repostOf ?? null);
}

function viewOfOne<User, Post>(
  form: Form<User, Post>,
  row: Readonly<PostRow>,
  { users, reactions }: Material,
  repostOf: Post | null,
): Post | undefined {
  const author = users.get(row.author_id);
  if (!author) return undefined;
  const show = ({ row, facts }: VisibleUser) => form.user(row, facts);
  const mentions = row.mentions.flatMap((mention) => {
    const user = users.get(mention);
    return user ? [show(user)] : [];
  });
  return form.post(row, show(author), mentions, repostOf, reactions.get(row.id) ?? NO_REACTIONS);
}
