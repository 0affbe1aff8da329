import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import type { Delivery, Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { postPublished, usersMentioned } from '../posts/post-published.js';
import { PostStore } from '../posts/post-store.js';
import { userFollowed } from '../relationships/changes.js';
import { GraphStore } from '../relationships/graph-store.js';
import { isFollow } from '../relationships/kinds.js';
import { GraphView } from '../users/graph-view.js';
import { GuardedWriter } from './guarded-writer.js';
import { fanOutChunk, fanOutPlan } from './chunk-queue.js';
import { FanOut, type PublishedPost } from './fan-out.js';
import type { OpenChunk } from './receipts.js';

@Injectable()
@HandlesJob(postPublished)
export class PostPublishedHandler implements Handler<PublishedPost> {
  constructor(private readonly fanOut: FanOut) {}

  async handle(post: PublishedPost, { outboxId }: Delivery): Promise<'done' | 'open'> {
    if (!outboxId) throw new Error('A published post is delivered from the outbox alone.');
    return (await this.fanOut.publish(post, outboxId)) ? 'done' : 'open';
  }
}

@Injectable()
@HandlesJob(fanOutPlan)
export class FanOutPlanHandler implements Handler<PublishedPost> {
  constructor(private readonly fanOut: FanOut) {}

  async handle(post: PublishedPost): Promise<'done'> {
    await this.fanOut.plan(post);
    return 'done';
  }
}

@Injectable()
@HandlesJob(fanOutChunk)
export class FanOutChunkHandler implements Handler<OpenChunk> {
  constructor(private readonly fanOut: FanOut) {}

  async handle(chunk: OpenChunk): Promise<'done'> {
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
    private readonly writer: GuardedWriter,
  ) {}

  async handle(
    { postId, authorId, mentions }: { postId: Id; authorId: Id; mentions: Id[] },
    { outboxId }: Delivery,
  ): Promise<'done' | 'open'> {
    if (!(await this.posts.byIds([postId])).has(postId)) return 'done';
    const facts = await this.graph.standings(authorId, mentions);
    const recipients = mentions.filter((_, i) => !facts[i]!.blocksMe && facts[i]!.kind !== 'block');
    const event = { kind: 'mention', entryId: postId, actorId: authorId, subjectId: postId } as const;
    return this.writer.notify(event, recipients, outboxId);
  }
}

/** Tells somebody of a new follower, unless that one has left again in the meantime. */
@Injectable()
@HandlesJob(userFollowed)
export class UserFollowedHandler implements Handler<{ eventId: Id; followerId: Id; followedId: Id }> {
  constructor(
    private readonly graph: GraphStore,
    private readonly writer: GuardedWriter,
  ) {}

  async handle(
    { eventId, followerId, followedId }: { eventId: Id; followerId: Id; followedId: Id },
    { outboxId }: Delivery,
  ): Promise<'done' | 'open'> {
    const { mine } = await this.graph.pair(followerId, followedId);
    if (!isFollow(mine)) return 'done';
    const event = { kind: 'follow', entryId: eventId, actorId: followerId, subjectId: followedId } as const;
    return this.writer.notify(event, [followedId], outboxId);
  }
}
