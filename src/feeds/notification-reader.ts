import { Injectable } from '@nestjs/common';
import { positionOf, type StreamPosition } from '../activities/activity-store.js';
import { type Activity, type ActivityKind, NOTIFICATION_KINDS } from '../activities/activity.js';
import { NotificationStore } from '../activities/notification-store.js';
import { Cursor } from '../platform/http/cursor.js';
import type { Page } from '../platform/http/page.js';
import { compareIds, type Id, MAX_ID, timeOfId } from '../platform/ids/ids.js';
import { type PostView, PostViews } from '../posts/post-view.js';
import { Profiles } from '../users/profiles.js';
import type { UserView } from '../users/user-view.js';
import type { NotificationQuery } from './feed.dto.js';
import { fillPage } from './fill-page.js';
import { NotificationMarks } from './notification-marks.js';
import { NotificationRules } from './notification-rules.js';

/** A notification as clients see one. */
export interface NotificationEntry {
  id: Id;
  kind: ActivityKind;
  createdAt: string;
  actor: UserView;
  post: PostView | null;
  read: boolean;
  group: NotificationGroup | null;
}

/** What stands behind the newest of several alike. */
export interface NotificationGroup {
  /** The newest three who did it. */
  actors: UserView[];
  /** How many did it; counted up to a bound. */
  count: number;
  /** Whether there are more than were counted. */
  more: boolean;
}

/** How many notifications are new; counted up to a bound, so that it takes the same time for everybody. */
export interface UnreadCount {
  count: number;
  more: boolean;
}

const STREAM = 'notifications';
const POSITION_WIDTH = 3;
/** Where apps group: many people doing the same to the same thing. */
const GROUPED: readonly ActivityKind[] = ['follow', 'love', 'repost'];
const MOST_COUNTED = 99;
const ACTORS_SHOWN = 3;

type Members = Map<Activity, Activity[]>;

/** Reading one's notifications; which of them are to be seen, `NotificationRules` says. */
@Injectable()
export class NotificationReader {
  constructor(
    private readonly store: NotificationStore,
    private readonly rules: NotificationRules,
    private readonly profiles: Profiles,
    private readonly posts: PostViews,
    private readonly marks: NotificationMarks,
  ) {}

  /** @throws Problem `invalid-cursor` */
  async page(
    viewer: Id,
    { cursor, limit, kind, grouped }: NotificationQuery,
  ): Promise<Page<NotificationEntry>> {
    const start = Cursor.read(STREAM, cursor, POSITION_WIDTH)?.position as StreamPosition | undefined;
    const filter = { kinds: kind ? [kind] : NOTIFICATION_KINDS, grouped: grouped ? GROUPED : [] };
    const readUpTo = await this.marks.readUpTo(viewer);
    const { entries, next } = await fillPage({
      limit,
      start,
      skeleton: (after, size) => this.store.page(viewer, filter, after, size),
      positionOf,
      present: (skeleton) => this.present(viewer, readUpTo, skeleton, grouped),
    });
    return { data: entries, page: { next: next ? Cursor.write(STREAM, next) : null, complete: true } };
  }

  /** A notification that was told of, as its page would show it; undefined when it has no row, or is not to be seen. */
  async entry(viewer: Id, told: Activity): Promise<NotificationEntry | undefined> {
    const filter = { kinds: [told.kind], grouped: [] };
    const above: StreamPosition = [told.entryId, '32767', MAX_ID];
    const [row] = await this.store.page(viewer, filter, above, 1);
    if (row?.entryId !== told.entryId || row.actorId !== told.actorId) return undefined;
    return (await this.present(viewer, await this.marks.readUpTo(viewer), [row], false))[0];
  }

  /** How many notifications the viewer has not marked as read. */
  async unread(viewer: Id): Promise<UnreadCount> {
    const [readUpTo, newest] = await Promise.all([
      this.marks.readUpTo(viewer),
      this.store.page(viewer, { kinds: NOTIFICATION_KINDS, grouped: [] }, undefined, MOST_COUNTED + 1),
    ]);
    const unread = newest.filter(({ entryId }) => compareIds(entryId, readUpTo) > 0);
    const visible = await this.rules.visible(viewer, unread.slice(0, MOST_COUNTED));
    return { count: visible.length, more: unread.length > MOST_COUNTED };
  }

  private async present(
    viewer: Id,
    readUpTo: Id,
    skeleton: readonly Activity[],
    grouped: boolean,
  ): Promise<(NotificationEntry | undefined)[]> {
    const members = await this.membersOf(viewer, skeleton, grouped);
    const shown = [...members.values()].flatMap((group) => group.slice(0, ACTORS_SHOWN));
    const abouts = [...members.values()].flatMap(([newest]) => newest ?? []);
    const [users, posts] = await Promise.all([
      this.profiles.byIds(
        viewer,
        shown.map(({ actorId }) => actorId),
      ),
      this.posts.byIds(
        viewer,
        abouts.filter(({ kind }) => kind !== 'follow').map(({ subjectId }) => subjectId),
      ),
    ]);
    return skeleton.map((activity) => {
      const group = members.get(activity) ?? [];
      const [newest] = group;
      const actors = group.slice(0, ACTORS_SHOWN).flatMap(({ actorId }) => users.get(actorId) ?? []);
      if (!newest || !actors[0]) return undefined;
      const { entryId, kind, subjectId } = newest;
      const post = kind === 'follow' ? null : posts.get(subjectId);
      if (post === undefined) return undefined;
      const read = compareIds(entryId, readUpTo) <= 0;
      const createdAt = timeOfId(entryId).toISOString();
      const isGroup = grouped && GROUPED.includes(kind);
      const count = Math.min(group.length, MOST_COUNTED);
      const alike = isGroup ? { actors, count, more: group.length > MOST_COUNTED } : null;
      return { id: entryId, kind, createdAt, actor: actors[0], post, read, group: alike };
    });
  }

  /** Each activity with those to be seen of what it stands for, newest first: itself, or its group. */
  private async membersOf(viewer: Id, skeleton: readonly Activity[], grouped: boolean): Promise<Members> {
    const heads = grouped ? skeleton.filter(({ kind }) => GROUPED.includes(kind)) : [];
    const groups = heads.length > 0 ? await this.store.members(viewer, heads, MOST_COUNTED + 1) : [];
    const alone = skeleton.filter((activity) => !heads.includes(activity));
    const visible = await this.rules.visible(viewer, [...alone, ...groups]);
    const byKey = new Map<string, Activity[]>();
    for (const activity of visible)
      byKey.set(keyOf(activity), [...(byKey.get(keyOf(activity)) ?? []), activity]);
    const single = new Set(visible);
    return new Map(
      skeleton.map((activity) => [
        activity,
        heads.includes(activity)
          ? (byKey.get(keyOf(activity)) ?? [])
          : single.has(activity)
            ? [activity]
            : [],
      ]),
    );
  }
}

const keyOf = ({ kind, subjectId }: Activity): string => `${kind} ${subjectId}`;
