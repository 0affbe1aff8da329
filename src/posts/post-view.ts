import { Injectable } from '@nestjs/common';
import { type Id, timeOfId } from '../platform/ids/ids.js';
import type { GraphFacts } from '../users/graph-view.js';
import { GraphView } from '../users/graph-view.js';
import { Profiles } from '../users/profiles.js';
import type { UserView } from '../users/user-view.js';
import { type PostRow, PostStore } from './post-store.js';

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
  viewer: { loved: boolean; reposted: boolean };
}

/** Puts together what clients see of a post. */
export function presentPost(row: PostRow, author: UserView, mentions: UserView[]): PostView {
  return {
    id: row.id,
    author,
    body: row.body,
    createdAt: timeOfId(row.id).toISOString(),
    editedAt: row.edited_at?.toISOString() ?? null,
    mentions,
    // Every post is an original so far: there are no comments, reposts and loves to tell of.
    commentOn: null,
    repostOf: null,
    viewer: { loved: false, reposted: false },
    counts: {
      comments: row.comments_count,
      loves: row.loves_count,
      reposts: row.reposts_count,
      views: row.views_count,
    },
  };
}

/** Posts as a viewer sees them. */
@Injectable()
export class PostViews {
  constructor(
    private readonly store: PostStore,
    private readonly profiles: Profiles,
    private readonly graph: GraphView,
  ) {}

  /**
   * Posts for ids, in three batches: posts, their people, and how the viewer stands to those. A post that is gone, or
   * whose author has blocked the viewer, is missing from the map.
   * @param keep decides by the author's graph facts whether the viewer is to see a post; by default everything
   */
  async byIds(
    viewer: Id,
    ids: readonly Id[],
    keep: (facts: GraphFacts, post: PostRow) => boolean = () => true,
  ): Promise<Map<Id, PostView>> {
    const rows = await this.store.byIds(ids);
    const people = [...new Set([...rows.values()].flatMap((row) => [row.author_id, ...row.mentions]))];
    const asked = this.graph.facts(viewer, people);
    const [facts, users] = await Promise.all([asked, this.profiles.byIds(viewer, people, asked)]);
    const factsOf = new Map(people.map((id, index) => [id, facts[index]!]));
    const views = new Map<Id, PostView>();
    for (const [id, row] of rows) {
      const author = users.get(row.author_id);
      if (!author || !keep(factsOf.get(row.author_id)!, row)) continue;
      views.set(
        id,
        presentPost(
          row,
          author,
          row.mentions.flatMap((mention) => users.get(mention) ?? []),
        ),
      );
    }
    return views;
  }
}
