import { Injectable } from '@nestjs/common';
import { ActivityStore } from '../activities/activity-store.js';
import { GateStore } from '../fanout/gate-store.js';
import { PendingPosts } from '../fanout/pending-posts.js';
import { PulledAuthors } from '../fanout/pulled-authors.js';
import { ReaderStates } from '../fanout/reader-states.js';
import { ShardRouter } from '../platform/database/shards.js';
import { compareIds, type Id } from '../platform/ids/ids.js';
import { type PostRow, PostStore } from '../posts/post-store.js';
import { GraphStore } from '../relationships/graph-store.js';
import { isFollow } from '../relationships/kinds.js';
import { type UserRow, UserStore } from '../users/user-store.js';
import {
  type Absence,
  type Explanation,
  sentenceAbsent,
  sentenceThrough,
  type Through,
} from './explanation.js';

type Post = Readonly<PostRow>;
type Stream = 'friends' | 'noise';

/** Tells why a post is in a reader's feed, or why not, from the truth: mirror and caches are not asked. */
@Injectable()
export class Explainer {
  constructor(
    private readonly users: UserStore,
    private readonly posts: PostStore,
    private readonly graph: GraphStore,
    private readonly activities: ActivityStore,
    private readonly shards: ShardRouter,
    private readonly pending: PendingPosts,
    private readonly pulled: PulledAuthors,
    private readonly readers: ReaderStates,
    private readonly gate: GateStore,
  ) {}

  async explain(reader: Readonly<UserRow>, postId: Id): Promise<Explanation> {
    const post = (await this.posts.byIds([postId])).get(postId);
    const author = post && (await this.users.byIds([post.author_id])).get(post.author_id);
    const shard = this.shards.numberOf(this.shards.shardOf(reader.id));
    const stream = post && (await this.streamOf(reader.id, post));
    const about = {
      reader: reader.username,
      author: author?.username ?? '',
      feed: stream ?? '',
      shard,
      post: postId,
    };
    const absence = post ? await this.absence(reader.id, post, author) : 'no-such-post';
    const through =
      absence || !post || !stream ? undefined : await this.through(reader.id, post, stream, shard);
    if (!through) {
      const reason = absence ?? 'row-missing';
      const sentence = sentenceAbsent(reason, about);
      return { viewerId: reader.id, postId, inFeed: null, through: null, shard: null, reason, sentence };
    }
    return {
      viewerId: reader.id,
      postId,
      inFeed: stream!,
      through,
      shard: through === 'row' ? shard : null,
      reason: null,
      sentence: sentenceThrough(through, about),
    };
  }

  private async streamOf(reader: Id, post: Post): Promise<Stream | undefined> {
    const { mine } = await this.graph.pair(reader, post.author_id);
    return isFollow(mine) ? (mine === 'friend' ? 'friends' : 'noise') : undefined;
  }

  /** Why the post belongs into no feed of the reader; undefined when it belongs into one. */
  private async absence(
    reader: Id,
    post: Post,
    author: Readonly<UserRow> | undefined,
  ): Promise<Absence | undefined> {
    if (!author) return 'author-gone';
    if (post.comment_on !== null) return 'comment';
    if (post.author_id === reader) return 'own-post';
    const { mine, theirs } = await this.graph.pair(reader, post.author_id);
    if (mine === 'block' || theirs === 'block') return 'blocked';
    if (mine === 'mute') return 'muted';
    const [follow] = await this.graph.followsOf(reader, [post.author_id]);
    if (!follow) return 'not-followed';
    if (compareIds(post.id, follow.floor) < 0) return 'followed-later';
    return post.body === '' && post.repost_of !== null
      ? this.absenceOfOriginal(reader, post.repost_of)
      : undefined;
  }

  private async absenceOfOriginal(reader: Id, id: Id): Promise<Absence | undefined> {
    const original = (await this.posts.byIds([id])).get(id);
    const author = original?.author_id;
    if (!author || !(await this.users.byIds([author])).has(author)) return 'original-gone';
    const { mine, theirs } = await this.graph.pair(reader, author);
    if (mine === 'block' || theirs === 'block') return 'original-blocked';
    if (mine === 'mute') return 'original-muted';
    return isFollow(mine) ? 'original-followed' : undefined;
  }

  /** What brings it there; undefined when nothing does. What is merged is asked for first, as when a feed is read. */
  private async through(reader: Id, post: Post, stream: Stream, shard: number): Promise<Through | undefined> {
    const [pending, state, pulled] = await Promise.all([
      this.pending.list(),
      this.readers.of(reader),
      this.pulled.find(post.author_id),
    ]);
    // The first at or behind the place that the post has in the stream.
    const before = [String(BigInt(post.id) + 1n), '0', '0'] as const;
    const [row] = await this.activities.page(reader, stream, before, 1);
    if (row?.subjectId === post.id) return 'row';
    if (pending.posts.some(({ id }) => id === post.id))
      return (await this.isClosed(shard)) ? 'gate-closed' : 'fan-out-pending';
    if (pulled && pulled.state !== 'never') return 'author-pulled';
    if (state.asleep) return 'reader-asleep';
    return state.unplaced.includes(post.author_id) ? 'placement-pending' : undefined;
  }

  private async isClosed(shard: number): Promise<boolean> {
    const { closings } = await this.gate.read();
    return closings.some((closing) => closing.shard === null || closing.shard === shard);
  }
}
