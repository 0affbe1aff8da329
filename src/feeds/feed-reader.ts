import { Injectable } from '@nestjs/common';
import { ActivityStore, positionOf, type StreamPosition } from '../activities/activity-store.js';
import type { Activity } from '../activities/activity.js';
import { Freshness } from '../fanout/freshness.js';
import { newest } from '../fanout/newest.js';
import { type Pull, PullSet } from '../fanout/pull-set.js';
import { Sleepers } from '../fanout/sleepers.js';
import { Cursor } from '../platform/http/cursor.js';
import type { Page } from '../platform/http/page.js';
import type { PageQuery } from '../platform/http/page.dto.js';
import { type Id, timeOfId } from '../platform/ids/ids.js';
import { ChangeLog } from '../platform/redis/change-log.js';
import type { PostText } from '../posts/post-text.js';
import type { TimelinePost } from '../posts/timeline-store.js';
import { type Keep, type PostView, PostViews } from '../posts/post-view.js';
import { isFollow } from '../relationships/kinds.js';
import type { FollowKind } from '../users/user-view.js';
import { fillPage } from './fill-page.js';

/** An entry of a feed as clients see it. */
export interface FeedEntry {
  id: Id;
  kind: 'post';
  createdAt: string;
  post: PostView;
}

/** One feed of one reader while it is read. */
interface Reading {
  viewer: Id;
  kind: FollowKind;
  pull: Pull;
  /** Lets copies of posts do: when Redis had heard of every edit and deletion, once this process has caught up since. */
  caughtUp: Promise<boolean> | undefined;
}

/** An entry as the bytes of its JSON text, and a comma before it: those of a page need only be put one behind the other. */
export type FeedEntryBytes = Buffer;

/** In which form entries are put together. */
interface Form<Post extends { id: Id; createdAt: string }, Entry> {
  posts(...asked: Parameters<PostViews['texts']>): Promise<(Post | undefined)[]>;
  /** @param place the entry's id, where it is not the post's */
  entry(place: Id | undefined, post: Post): Entry;
}

function bytesOf(place: Id | undefined, post: PostText): FeedEntryBytes {
  const head = `,{"id":"${place ?? post.id}","kind":"post","createdAt":"${timeOf(place, post)}","post":`;
  return Buffer.from(`${head}${post.json}}`);
}

/** Rows of a feed and the posts that are to be merged with them, each once, newest first. */
async function merge(
  rows: Promise<Activity[]>,
  merged: Promise<readonly TimelinePost[]>,
  size: number,
): Promise<readonly Activity[]> {
  const [activities, posts] = await Promise.all([rows, merged]);
  const others = posts.map(({ id, authorId }): Activity => ({
    kind: 'post',
    entryId: id,
    actorId: authorId,
    subjectId: id,
  }));
  return newest([activities, others], ({ entryId }) => entryId, size);
}

const timeOf = (place: Id | undefined, post: { createdAt: string }): string =>
  place === undefined ? post.createdAt : timeOfId(place).toISOString();

const STREAM_OF = { friend: 'friends', noise: 'noise' } as const;
const POSITION_WIDTH = 3;

/**
 * Reading a feed, in four steps: the skeleton from the shard (index-only), merged with the pull set; hydration in batches, the rules, and the
 * presentation. The first rule of a feed is that the viewer follows the author in this way now; who blocks, is blocked or
 * muted, or was moved to the other feed, does not pass it. The second is that a repost without words is left out for
 * whoever follows the author of what it reposts: they get the post itself.
 */
@Injectable()
export class FeedReader {
  private readonly objects: Form<PostView, FeedEntry> = {
    posts: (...asked) => this.posts.inOrder(...asked),
    entry: (place, post) => ({ id: place ?? post.id, kind: 'post', createdAt: timeOf(place, post), post }),
  };
  private readonly bytes: Form<PostText, FeedEntryBytes> = {
    posts: (...asked) => this.posts.texts(...asked),
    entry: (place, post) =>
      place === undefined ? (post.entry ??= bytesOf(place, post)) : bytesOf(place, post),
  };

  constructor(
    private readonly activities: ActivityStore,
    private readonly posts: PostViews,
    private readonly pulls: PullSet,
    private readonly sleepers: Sleepers,
    private readonly freshness: Freshness,
    private readonly log: ChangeLog,
  ) {}

  /** @throws Problem `invalid-cursor` */
  async page(viewer: Id, kind: FollowKind, query: PageQuery): Promise<Page<FeedEntry>> {
    return (await this.read(this.objects, viewer, kind, query, false)).page;
  }

  /**
   * The same as bytes, and for a first page the tag that `unchanged` takes, if there is one.
   * @throws Problem `invalid-cursor`
   */
  taggedPage(
    viewer: Id,
    kind: FollowKind,
    query: PageQuery,
  ): Promise<{ page: Page<FeedEntryBytes>; tag: string | undefined }> {
    return this.read(this.bytes, viewer, kind, query, query.cursor === undefined);
  }

  /** That of these tags with which a first page would be read now as well; undefined when it may look different. */
  async unchanged(viewer: Id, kind: FollowKind, tags: readonly string[]): Promise<string | undefined> {
    if (tags.length === 0) return undefined;
    const tag = await this.freshness.tag(viewer, kind);
    this.sleepers.noticeRead(viewer, false);
    return tags.find((given) => given === tag);
  }

  /** Posts that came into a feed, as its page would show them; undefined for those that it would not. */
  async entries(
    viewer: Id,
    kind: FollowKind,
    activities: readonly Activity[],
  ): Promise<(FeedEntry | undefined)[]> {
    const pull = await this.pulls.of(viewer, kind);
    const reading = { viewer, kind, pull, caughtUp: this.catchUp(pull) };
    return this.present(this.objects, reading, activities);
  }

  private async read<Post extends { id: Id; createdAt: string }, Entry>(
    form: Form<Post, Entry>,
    viewer: Id,
    kind: FollowKind,
    { cursor, limit }: PageQuery,
    tagged: boolean,
  ): Promise<{ page: Page<Entry>; tag: string | undefined }> {
    const stream = STREAM_OF[kind];
    const start = Cursor.read(stream, cursor, POSITION_WIDTH)?.position as StreamPosition | undefined;
    const pull = await this.pulls.of(viewer, kind, tagged);
    this.sleepers.noticeRead(viewer, pull.asleep);
    const reading = { viewer, kind, pull, caughtUp: this.catchUp(pull) };
    const { entries, next } = await fillPage({
      limit,
      start,
      skeleton: (after, size) => this.skeleton(reading, after, size),
      positionOf,
      present: (skeleton) => this.present(form, reading, skeleton),
    });
    const page = { next: next ? Cursor.write(stream, next) : null, complete: pull.complete };
    return { page: { data: entries, page }, tag: pull.tag };
  }

  private catchUp({ told }: Pull): Promise<boolean> | undefined {
    return told ? this.log.catchUp() : undefined;
  }

  /** The next entries: the rows of the feed, and what is to be merged with them, each post once. */
  private skeleton(
    { viewer, kind, pull: { merged } }: Reading,
    after: StreamPosition | undefined,
    size: number,
  ): Promise<readonly Activity[]> {
    const rows = this.activities.page(viewer, STREAM_OF[kind], after, size);
    return merged ? merge(rows, merged.page(after?.[0], size), size) : rows;
  }

  private async present<Post extends { id: Id; createdAt: string }, Entry>(
    form: Form<Post, Entry>,
    { viewer, kind, pull: { merged }, caughtUp }: Reading,
    skeleton: readonly Activity[],
  ): Promise<(Entry | undefined)[]> {
    const keep: Keep = (author, original) => author.kind === kind && !isFollow(original?.kind ?? null);
    const isAdmitted = merged && (await merged.admission());
    const admitted = isAdmitted
      ? skeleton.filter(({ subjectId: id, actorId: authorId }) => isAdmitted({ id, authorId }))
      : skeleton;
    const ids = admitted.map(({ subjectId }) => subjectId);
    const posts = await form.posts(viewer, ids, keep, caughtUp);
    let next = 0;
    return skeleton.map((activity) => {
      const post = activity === admitted[next] ? posts[next++] : undefined;
      if (!post) return undefined;
      const { entryId, subjectId } = activity;
      return form.entry(entryId === subjectId ? undefined : entryId, post);
    });
  }
}
