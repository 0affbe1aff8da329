import { Injectable } from '@nestjs/common';
import { ActivityStore } from '../activities/activity-store.js';
import type { ActivityEvent, Recipient } from '../activities/activity.js';
import { expectNobodyRefused } from '../activities/write-outcome.js';
import { Config } from '../platform/config/config.js';
import type { Id } from '../platform/ids/ids.js';
import { defineJob } from '../platform/queues/job.js';
import { Queues } from '../platform/queues/queues.js';
import { PostStore } from '../posts/post-store.js';
import { type AudienceMember, GraphStore } from '../relationships/graph-store.js';
import { Receipts } from './receipts.js';

export interface PublishedPost {
  postId: Id;
  authorId: Id;
}

export interface ChunkJob {
  postId: Id;
  authorId: Id;
  number: number;
  /** The outbox row that is struck with the last chunk. */
  parentId: Id;
}

/** Writes one chunk of a large audience; behind everything that concerns fewer people. */
export const fanOutChunk = defineJob<ChunkJob>('fanout.chunk', 'activities', 10);

/** Delivers posts to their audiences: in one go where one chunk holds everybody, otherwise chunk by chunk. */
@Injectable()
export class FanOut {
  constructor(
    private readonly config: Config,
    private readonly posts: PostStore,
    private readonly graph: GraphStore,
    private readonly activities: ActivityStore,
    private readonly receipts: Receipts,
    private readonly queues: Queues,
  ) {}

  /** @returns whether everybody has the post now; otherwise chunks are under way */
  async publish({ postId, authorId }: PublishedPost, outboxId: Id): Promise<boolean> {
    const receipt = await this.receipts.begin(postId, authorId);
    if (receipt.state === 'done') return true;
    if (receipt.chunks === 0) {
      if (!(await this.posts.byIds([postId])).has(postId)) return this.finish(postId, 0);
      const { chunkSize } = this.config.fanout;
      const members = await this.graph.audience(authorId, '0', undefined, chunkSize + 1);
      if (members.length <= chunkSize)
        return this.finish(postId, await this.deliver(postId, authorId, members));
      await this.plan(postId, authorId);
    }
    // Chunks that were just planned cannot have been added before.
    await this.enqueueChunks(postId, authorId, outboxId, receipt.chunks > 0);
    return false;
  }

  /** Writes one chunk of a planned fan-out, unless that was done before. */
  async writeChunk({ postId, authorId, number, parentId }: ChunkJob): Promise<void> {
    const chunk = await this.receipts.chunk(postId, number);
    if (!chunk) return;
    const rows = await this.deliverRange(postId, authorId, chunk);
    await this.receipts.finishChunk(postId, number, rows, parentId);
  }

  private async finish(postId: Id, rows: number): Promise<true> {
    await this.receipts.finish(postId, rows);
    return true;
  }

  /** Delivers to everybody in a range, however many have come since it was planned. */
  private async deliverRange(
    postId: Id,
    authorId: Id,
    { after, upto }: { after: Id; upto: Id },
  ): Promise<number> {
    const { chunkSize } = this.config.fanout;
    let rows = 0;
    for (let from = after; ;) {
      const members = await this.graph.audience(authorId, from, upto, chunkSize);
      rows += await this.deliver(postId, authorId, members);
      if (members.length < chunkSize) return rows;
      from = members.at(-1)!.id;
    }
  }

  private async deliver(postId: Id, authorId: Id, members: readonly AudienceMember[]): Promise<number> {
    const event: ActivityEvent = { kind: 'post', entryId: postId, actorId: authorId, subjectId: postId };
    const recipients = members.map(({ id, kind }): Recipient => ({
      id,
      stream: kind === 'friend' ? 'friends' : 'noise',
    }));
    expectNobodyRefused(await this.activities.write(event, recipients));
    return recipients.length;
  }

  private async plan(postId: Id, authorId: Id): Promise<void> {
    const chunks = [];
    for await (const chunk of this.graph.audienceChunks(authorId, this.config.fanout.chunkSize))
      chunks.push(chunk);
    await this.receipts.plan(postId, chunks);
  }

  private async enqueueChunks(postId: Id, authorId: Id, outboxId: Id, repeated: boolean): Promise<void> {
    const open = await this.receipts.open(postId);
    const jobs = open.map((number) => {
      const payload: ChunkJob = { postId, authorId, number, parentId: outboxId };
      return { id: `chunk-${postId}-${number}`, type: fanOutChunk.name, data: { payload } };
    });
    await this.queues.enqueue('activities', jobs, repeated);
  }
}
