import { Injectable } from '@nestjs/common';
import { PlacementStore } from '../activities/placement-store.js';
import type { ShardRefusal } from '../activities/write-outcome.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import type { Delivery, Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { postsWithdrawn } from '../posts/post-events.js';
import { authorGone, placementChanged, readerGone } from '../relationships/changes.js';
import { GuardedWriter } from './guarded-writer.js';
import { Placements } from './placements.js';
import { sleeperWoke, Sleepers } from './sleepers.js';

/** After how long a job is repeated that posts which are on their way may overtake, in milliseconds. */
const EARLY_MS = 1_000;

@Injectable()
@HandlesJob(placementChanged)
export class PlacementChangedHandler implements Handler<{ ownerId: Id; subjectId: Id }> {
  constructor(
    private readonly placements: Placements,
    private readonly writer: GuardedWriter,
    private readonly outbox: Outbox,
  ) {}

  async handle(
    { ownerId, subjectId }: { ownerId: Id; subjectId: Id },
    { outboxId }: Delivery,
  ): Promise<'done' | 'open'> {
    const isEarly = outboxId !== undefined && (await this.placements.isEarly(ownerId, subjectId, outboxId));
    const refusal = await this.placements.settle(ownerId, subjectId);
    if (refusal || !isEarly) return this.writer.settled(refusal, outboxId);
    await this.outbox.park([outboxId], null, EARLY_MS);
    return 'open';
  }
}

@Injectable()
@HandlesJob(postsWithdrawn)
export class PostsWithdrawnHandler implements Handler<{ authorId: Id; postIds: Id[] }> {
  constructor(
    private readonly placements: Placements,
    private readonly writer: GuardedWriter,
    private readonly outbox: Outbox,
  ) {}

  async handle(
    { authorId, postIds }: { authorId: Id; postIds: Id[] },
    { outboxId }: Delivery,
  ): Promise<'done' | 'open'> {
    if (outboxId && (await this.placements.areComing(postIds))) {
      await this.outbox.park([outboxId], null, EARLY_MS);
      return 'open';
    }
    let refusal: ShardRefusal | undefined;
    for (const post of postIds) refusal ??= await this.placements.withdraw(authorId, post);
    return this.writer.settled(refusal, outboxId);
  }
}

@Injectable()
@HandlesJob(authorGone)
export class AuthorGoneHandler implements Handler<{ authorId: Id; readerIds: Id[] }> {
  constructor(
    private readonly store: PlacementStore,
    private readonly writer: GuardedWriter,
  ) {}

  async handle({ authorId, readerIds }: { authorId: Id; readerIds: Id[] }, { outboxId }: Delivery) {
    return this.writer.settled(await this.store.removeActor(readerIds, authorId), outboxId);
  }
}

@Injectable()
@HandlesJob(readerGone)
export class ReaderGoneHandler implements Handler<{ readerId: Id }> {
  constructor(
    private readonly store: PlacementStore,
    private readonly writer: GuardedWriter,
  ) {}

  async handle({ readerId }: { readerId: Id }, { outboxId }: Delivery) {
    return this.writer.settled(await this.store.removeRecipient(readerId), outboxId);
  }
}

@Injectable()
@HandlesJob(sleeperWoke)
export class SleeperWokeHandler implements Handler<{ readerId: Id }> {
  constructor(
    private readonly sleepers: Sleepers,
    private readonly writer: GuardedWriter,
  ) {}

  async handle({ readerId }: { readerId: Id }, { outboxId }: Delivery) {
    return this.writer.settled(await this.sleepers.refill(readerId), outboxId);
  }
}
