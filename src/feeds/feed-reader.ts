import { Injectable } from '@nestjs/common';
import { ActivityStore, positionOf, type StreamPosition } from '../activities/activity-store.js';
import type { Activity } from '../activities/activity.js';
import { PendingAuthors } from '../fanout/pending-authors.js';
import { Cursor } from '../platform/http/cursor.js';
import { JsonText, TextPage } from '../platform/http/json-text.js';
import type { Page } from '../platform/http/page.js';
import type { PageQuery } from '../platform/http/page.dto.js';
import { type Id, timeOfId } from '../platform/ids/ids.js';
import { type PostView, PostViews } from '../posts/post-view.js';
import { GraphView } from '../users/graph-view.js';
import type { FollowKind } from '../users/user-view.js';
import { fillPage } from './fill-page.js';

/** An entry of a feed as clients see it. */
export interface FeedEntry {
  id: Id;
  kind: 'post';
  createdAt: string;
  post: PostView;
}

const STREAM_OF = { friend: 'friends', noise: 'noise' } as const;
const POSITION_WIDTH = 3;

/**
 * Reading a feed, in four steps: the skeleton from the shard (index-only), hydration in batches, the rules, and the
 * presentation. The one rule of a feed is that the viewer follows the author in this way now; who blocks, is blocked or
 * muted, or was moved to the other feed, does not pass it.
 */
@Injectable()
export class FeedReader {
  constructor(
    private readonly activities: ActivityStore,
    private readonly posts: PostViews,
    private readonly graph: GraphView,
    private readonly pending: PendingAuthors,
  ) {}

  /** @throws Problem `invalid-cursor` */
  async page(viewer: Id, kind: FollowKind, { cursor, limit }: PageQuery): Promise<Page<JsonText<FeedEntry>>> {
    const stream = STREAM_OF[kind];
    const start = Cursor.read(stream, cursor, POSITION_WIDTH)?.position as StreamPosition | undefined;
    const complete = await this.isComplete(viewer, kind);
    const { entries, next } = await fillPage({
      limit,
      start,
      skeleton: (after, size) => this.activities.page(viewer, stream, after, size),
      positionOf,
      present: (skeleton) => this.present(viewer, kind, skeleton),
    });
    return new TextPage(entries, { next: next ? Cursor.write(stream, next) : null, complete });
  }

  private async present(
    viewer: Id,
    kind: FollowKind,
    skeleton: Activity[],
  ): Promise<(JsonText<FeedEntry> | undefined)[]> {
    const ids = skeleton.map((activity) => activity.subjectId);
    const posts = await this.posts.texts(viewer, ids, (facts) => facts.kind === kind);
    return skeleton.map(({ entryId, subjectId }) => {
      const post = posts.get(subjectId);
      if (post === undefined) return undefined;
      const createdAt = timeOfId(entryId).toISOString();
      return new JsonText(`{"id":"${entryId}","kind":"post","createdAt":"${createdAt}","post":${post}}`);
    });
  }

  /** Whether nobody whom the viewer follows in this way has a post that is still on its way. */
  private async isComplete(viewer: Id, kind: FollowKind): Promise<boolean> {
    const authors = await this.pending.list();
    if (authors === 'many') return false;
    if (authors.length === 0) return true;
    const standings = await this.graph.standings(viewer, authors);
    return !standings.some((standing) => standing.kind === kind);
  }
}
