import { Injectable } from '@nestjs/common';
import type { ActivityEvent, Recipient } from '../activities/activity.js';
import type { Refusal } from '../activities/write-outcome.js';
import { Config } from '../platform/config/config.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { Lanes } from '../platform/queues/lanes.js';
import { PostStore } from '../posts/post-store.js';
import { Announcements } from './announcements.js';
import { GuardedWriter } from './guarded-writer.js';
import { ChunkQueue } from './chunk-queue.js';
import { DeliveryChoice } from './delivery-choice.js';
import { SETTLED_MS } from './pulled-authors.js';
import { type OpenChunk, type Progress, Receipts } from './receipts.js';

export interface PublishedPost {
  postId: Id;
  authorId: Id;
}

/** How long a small fan-out that waits for a shard is left alone, in milliseconds, unless the shard takes it up before. */
const PARKED_MS = 600_000;
/** So many chunks at most are put back into the queue at a time. */
const MOST_RESUMED = 500;

/** Delivers posts to their audiences: in one go where one chunk holds everybody, otherwise chunk by chunk. */
@Injectable()
export class FanOut {
  constructor(
    private readonly config: Config,
    private readonly posts: PostStore,
    private readonly writer: GuardedWriter,
    private readonly receipts: Receipts,
    private readonly delivery: DeliveryChoice,
    private readonly chunks: ChunkQueue,
    private readonly outbox: Outbox,
    private readonly lanes: Lanes,
    private readonly announcements: Announcements,
  ) {}

  /** @returns whether everybody has the post now; otherwise chunks are under way, or wait for a shard */
  async publish({ postId, authorId }: PublishedPost, outboxId: Id): Promise<boolean> {
    const choice = await this.delivery.of(authorId);
    if (choice === 'unsettled') {
      await this.outbox.park([outboxId], null, SETTLED_MS);
      return false;
    }
    if (choice === 'pull' && (await this.receipts.pull(postId, authorId))) {
      await this.announcements.tellFollowers(eventOf({ postId, authorId }));
      return true;
    }
    let receipt = await this.receipts.begin(postId, authorId, outboxId);
    if (receipt.done) return true;
    if (!receipt.planned) {
      if (receipt.cut === 0 && !(await this.posts.byIds([postId])).has(postId)) {
        await this.receipts.abandon(postId);
        return true;
      }
      const progress = await this.receipts.plan(postId, authorId);
      // Somebody else has planned all of it in the meantime, and it looks different now.
      if (!progress) return this.publish({ postId, authorId }, outboxId);
      if (progress.done) return true;
      receipt = progress;
    }
    if (receipt.planned && receipt.cut <= 1)
      return this.deliverAtOnce({ postId, authorId, number: 0 }, outboxId);
    if (!receipt.planned) await this.chunks.addPlan({ postId, authorId });
    await this.resume({ postId, authorId });
    return false;
  }

  /** Cuts what is left of a large audience into chunks, while the first ones are written already. */
  async plan({ postId, authorId }: PublishedPost): Promise<void> {
    for (;;) {
      const progress = await this.lanes.step(() => this.receipts.plan(postId, authorId));
      if (!progress) return;
      await this.goOn({ postId, authorId }, progress);
      if (progress.planned) return;
    }
  }

  /** Writes one chunk of a planned fan-out, unless that was done before. */
  async writeChunk(open: OpenChunk): Promise<void> {
    const chunk = await this.receipts.chunk(open);
    if (!chunk) {
      await this.resume(open);
      return;
    }
    const refused: Refusal[] = [];
    for (let done = 0; done < chunk.recipients.length;) {
      const step = chunk.recipients.slice(done, done + this.lanes.stepSize);
      refused.push(...(await this.lanes.step(() => this.write(open, step))));
      done += step.length;
    }
    const progress = await this.receipts.settle(open.postId, open.number, chunk, joined(refused));
    if (progress) await this.goOn(open, progress);
    else await this.resume(open);
  }

  /**
   * Puts the chunks back into the queue that should be there: a worker or a queue may have been lost.
   * @returns whether there are any
   */
  private async resume({ postId, authorId }: PublishedPost): Promise<boolean> {
    const numbers = await this.receipts.handed(postId, MOST_RESUMED);
    await this.chunks.add(
      numbers.map((number) => ({ postId, authorId, number })),
      true,
    );
    return numbers.length > 0;
  }

  private async deliverAtOnce(open: OpenChunk, outboxId: Id): Promise<boolean> {
    const chunk = await this.receipts.chunk(open);
    if (!chunk) {
      await this.awaitShards(outboxId);
      if (await this.resume(open)) await this.outbox.park([outboxId], null, this.config.outbox.leaseMs);
      return false;
    }
    const refused = await this.write(open, chunk.recipients);
    if (refused.length > 0) await this.awaitShards(outboxId);
    const progress = await this.receipts.settle(open.postId, open.number, chunk, refused);
    return progress?.done ?? false;
  }

  /** To be called before the chunks that wait can be let go, which cuts it short. */
  private awaitShards(outboxId: Id): Promise<void> {
    return this.outbox.park([outboxId], null, PARKED_MS);
  }

  private async goOn({ postId, authorId }: PublishedPost, progress: Progress): Promise<void> {
    await this.chunks.add(
      progress.handed.map((number) => ({ postId, authorId, number })),
      false,
    );
    if (progress.done && progress.outboxId) await this.outbox.done([progress.outboxId]);
  }

  private async write(post: PublishedPost, recipients: Recipient[]): Promise<Refusal[]> {
    return (await this.writer.write(eventOf(post), recipients)).refused;
  }
}

const eventOf = ({ postId, authorId }: PublishedPost): ActivityEvent => ({
  kind: 'post',
  entryId: postId,
  actorId: authorId,
  subjectId: postId,
});

/** One refusal for each shard, whatever the number of steps that it refused. */
function joined(refused: readonly Refusal[]): Refusal[] {
  const shards = new Map<number, Refusal>();
  for (const refusal of refused) {
    const known = shards.get(refusal.shard);
    if (known) known.recipients.push(...refusal.recipients);
    else shards.set(refusal.shard, { ...refusal, recipients: [...refusal.recipients] });
  }
  return [...shards.values()];
}
