import { Injectable } from '@nestjs/common';
import type { LiveEntry } from '../../fanout/live-log.js';
import type { Id } from '../../platform/ids/ids.js';
import { FeedReader } from '../feed-reader.js';
import { NotificationReader } from '../notification-reader.js';

/** An event as clients get it. */
export interface LiveEvent {
  event: 'feed' | 'notification';
  data: object;
  id: string;
}

/** Puts together what clients are sent, by the same rules as the pages, as of now. */
@Injectable()
export class LiveEvents {
  constructor(
    private readonly feeds: FeedReader,
    private readonly notifications: NotificationReader,
  ) {}

  /** In the order given; what is not to be seen (any more) is left out. */
  async of(viewer: Id, entries: readonly LiveEntry[]): Promise<LiveEvent[]> {
    const [friends, noise, notifications] = await Promise.all([
      this.feedEntries(viewer, 'friends', entries),
      this.feedEntries(viewer, 'noise', entries),
      this.notificationEntries(viewer, entries),
    ]);
    return entries.flatMap((entry) => {
      const data = friends.get(entry) ?? noise.get(entry) ?? notifications.get(entry);
      const event = entry.stream === 'notifications' ? 'notification' : 'feed';
      return data ? [{ event, data, id: entry.position }] : [];
    });
  }

  private async feedEntries(viewer: Id, stream: 'friends' | 'noise', entries: readonly LiveEntry[]) {
    const mine = entries.filter((entry) => entry.stream === stream);
    if (mine.length === 0) return new Map<LiveEntry, object>();
    const kind = stream === 'friends' ? 'friend' : 'noise';
    const found = await this.feeds.entries(
      viewer,
      kind,
      mine.map(({ activity }) => activity),
    );
    return new Map(
      mine.flatMap((entry, index) => (found[index] ? [[entry, { stream, entry: found[index] }]] : [])),
    );
  }

  private async notificationEntries(viewer: Id, entries: readonly LiveEntry[]) {
    const mine = entries.filter(({ stream }) => stream === 'notifications');
    const found = await Promise.all(mine.map(({ activity }) => this.notifications.entry(viewer, activity)));
    return new Map<LiveEntry, object>(
      mine.flatMap((entry, index): [LiveEntry, object][] => (found[index] ? [[entry, found[index]]] : [])),
    );
  }
}
