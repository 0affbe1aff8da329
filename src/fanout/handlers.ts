import { Injectable } from '@nestjs/common';
import { ActivityStore } from '../activities/activity-store.js';
import { expectNobodyRefused } from '../activities/write-outcome.js';
import type { Id } from '../platform/ids/ids.js';
import type { Delivery, Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { postPublished, usersMentioned } from '../posts/post-published.js';
import { PostStore } from '../posts/post-store.js';
import { userFollowed } from '../relationships/changes.js';
import { GraphStore } from '../relationships/graph-store.js';
import { isFollow } from '../relationships/kinds.js';
import { GraphView } from '../users/graph-view.js';
import { Gate } from './gate.js';
import { type ChunkJob, FanOut, fanOutChunk, type PublishedPost } from './fan-out.js';

@Injectable()
@HandlesJob(postPublished)
export class PostPublishedHandler implements Handler<PublishedPost> {
  constructor(
    private readonly fanOut: FanOut,
    private readonly gate: Gate,
  ) {}

  async handle(post: PublishedPost, { outboxId }: Delivery): Promise<'done' | 'open'> {
    if (!outboxId) throw new Error('A published post is delivered from the outbox alone.');
    if (await this.gate.isClosed()) return 'open';
    return (await this.fanOut.publish(post, outboxId)) ? 'done' : 'open';
  }
}

@Injectable()
@HandlesJob(fanOutChunk)
export class FanOutChunkHandler implements Handler<ChunkJob> {
  constructor(
    private readonly fanOut: FanOut,
    private readonly gate: Gate,
  ) {}

  async handle(chunk: ChunkJob): Promise<'done'> {
    // Its parent's outbox row brings it back.
    if (await this.gate.isClosed()) return 'done';
    await this.fanOut.writeChunk(chunk);
    return 'done';
  }
}

/** Tells those whom a post mentions, unless it is gone again, or one of the two has blocked the other. */
@Injectable()
@HandlesJob(usersMentioned)
export class UsersMentionedHandler implements Handler<{ postId: Id; authorId: Id; mentions: Id[] }> {
  constructor(
    private readonly posts: PostStore,
    private readonly graph: GraphView,
    private readonly activities: ActivityStore,
    private readonly gate: Gate,
  ) {}

  async handle({
    postId,
    authorId,
    mentions,
  }: {
    postId: Id;
    authorId: Id;
    mentions: Id[];
  }): Promise<'done' | 'open'> {
    if (await this.gate.isClosed()) return 'open';
    if (!(await this.posts.byIds([postId])).has(postId)) return 'done';
    const facts = await this.graph.standings(authorId, mentions);
    const recipients = mentions.filter((_, i) => !facts[i]!.blocksMe && facts[i]!.kind !== 'block');
    const outcome = await this.activities.write(
      { kind: 'mention', entryId: postId, actorId: authorId, subjectId: postId },
      recipients.map((id) => ({ id, stream: 'notifications' })),
    );
    expectNobodyRefused(outcome);
    return 'done';
  }
}

/** Tells somebody of a new follower, unless that one has left again in the meantime. */
@Injectable()
@HandlesJob(userFollowed)
export class UserFollowedHandler implements Handler<{ eventId: Id; followerId: Id; followedId: Id }> {
  constructor(
    private readonly graph: GraphStore,
    private readonly activities: ActivityStore,
    private readonly gate: Gate,
  ) {}

  async handle({
    eventId,
    followerId,
    followedId,
  }: {
    eventId: Id;
    followerId: Id;
    followedId: Id;
  }): Promise<'done' | 'open'> {
    if (await this.gate.isClosed()) return 'open';
    const { mine } = await this.graph.pair(followerId, followedId);
    if (isFollow(mine)) {
      const outcome = await this.activities.write(
        { kind: 'follow', entryId: eventId, actorId: followerId, subjectId: followedId },
        [{ id: followedId, stream: 'notifications' }],
      );
      expectNobodyRefused(outcome);
    }
    return 'done';
  }
}
