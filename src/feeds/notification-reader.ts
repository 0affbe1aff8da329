import { Injectable } from '@nestjs/common';
import { ActivityStore, positionOf, type StreamPosition } from '../activities/activity-store.js';
import type { Activity, ActivityKind } from '../activities/activity.js';
import { Cursor } from '../platform/http/cursor.js';
import type { Page } from '../platform/http/page.js';
import type { PageQuery } from '../platform/http/page.dto.js';
import { compareIds, type Id, timeOfId } from '../platform/ids/ids.js';
import { type PostView, PostViews } from '../posts/post-view.js';
import { GraphView } from '../users/graph-view.js';
import { Profiles } from '../users/profiles.js';
import type { UserView } from '../users/user-view.js';
import { fillPage } from './fill-page.js';
import { NotificationMarks } from './notification-marks.js';

/** A notification as clients see one. */
export interface NotificationEntry {
  id: Id;
  kind: ActivityKind;
  createdAt: string;
  actor: UserView;
  post: PostView | null;
  read: boolean;
}

const STREAM = 'notifications';
const POSITION_WIDTH = 3;

/** Reading one's notifications; nothing comes from those whom the viewer blocks or mutes, or who block the viewer. */
@Injectable()
export class NotificationReader {
  constructor(
    private readonly activities: ActivityStore,
    private readonly profiles: Profiles,
    private readonly posts: PostViews,
    private readonly graph: GraphView,
    private readonly marks: NotificationMarks,
  ) {}

  /** @throws Problem `invalid-cursor` */
  async page(viewer: Id, { cursor, limit }: PageQuery): Promise<Page<NotificationEntry>> {
    const start = Cursor.read(STREAM, cursor, POSITION_WIDTH)?.position as StreamPosition | undefined;
    const readUpTo = await this.marks.readUpTo(viewer);
    const { entries, next } = await fillPage({
      limit,
      start,
      skeleton: (after, size) => this.activities.page(viewer, STREAM, after, size),
      positionOf,
      present: (skeleton) => this.present(viewer, readUpTo, skeleton),
    });
    return { data: entries, page: { next: next ? Cursor.write(STREAM, next) : null, complete: true } };
  }

  private async present(
    viewer: Id,
    readUpTo: Id,
    skeleton: Activity[],
  ): Promise<(NotificationEntry | undefined)[]> {
    const actors = [...new Set(skeleton.map((activity) => activity.actorId))];
    const facts = await this.graph.facts(viewer, actors);
    const hidden = new Set(actors.filter((_, i) => facts[i]!.kind === 'block' || facts[i]!.kind === 'mute'));
    const aboutPosts = skeleton.filter((activity) => activity.kind !== 'follow');
    const [users, posts] = await Promise.all([
      this.profiles.byIds(viewer, actors, facts),
      this.posts.byIds(
        viewer,
        aboutPosts.map((activity) => activity.subjectId),
      ),
    ]);
    return skeleton.map(({ kind, entryId, actorId, subjectId }) => {
      const actor = users.get(actorId);
      const post = kind === 'follow' ? null : posts.get(subjectId);
      if (!actor || post === undefined || hidden.has(actorId)) return undefined;
      const read = compareIds(entryId, readUpTo) <= 0;
      return { id: entryId, kind, createdAt: timeOfId(entryId).toISOString(), actor, post, read };
    });
  }
}
