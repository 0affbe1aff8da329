import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import { BULK_PRIORITY, defineJob } from '../platform/queues/job.js';
import { Queues } from '../platform/queues/queues.js';
import type { OpenChunk } from './receipts.js';

/** Cuts the audience of a post into chunks, beyond the first few. */
export const fanOutPlan = defineJob<{ postId: Id; authorId: Id }>('fanout.plan', 'activities', BULK_PRIORITY);

/** Writes one chunk of a large audience; behind everything that concerns fewer people. */
export const fanOutChunk = defineJob<OpenChunk>('fanout.chunk', 'activities', BULK_PRIORITY);

/** BullMQ knows no higher number. */
const LAST_PRIORITY = 2_097_152;

/** Puts the work on large audiences into the queue. */
@Injectable()
export class ChunkQueue {
  constructor(private readonly queues: Queues) {}

  async addPlan(payload: { postId: Id; authorId: Id }): Promise<void> {
    const job = { id: `plan-${payload.postId}`, type: fanOutPlan.name, data: { payload } };
    await this.queues.enqueue('activities', [job], true);
  }

  /**
   * The further a fan-out has come, the later its turn: so large ones advance side by side, and one of a few chunks is
   * through before the hundredth chunk of another.
   * @param repeated whether some of them may have been added before
   */
  async add(chunks: readonly OpenChunk[], repeated: boolean): Promise<void> {
    if (chunks.length === 0) return;
    const jobs = chunks.map((payload) => ({
      id: `chunk-${payload.postId}-${payload.number}`,
      type: fanOutChunk.name,
      data: { payload },
      priority: Math.min(BULK_PRIORITY + Math.max(payload.number, 0), LAST_PRIORITY),
    }));
    await this.queues.enqueue('activities', jobs, repeated);
  }
}
