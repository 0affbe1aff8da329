import { Injectable } from '@nestjs/common';
import { PlacementStore } from '../activities/placement-store.js';
import type { ShardRefusal } from '../activities/write-outcome.js';
import type { Id } from '../platform/ids/ids.js';
import type { Delivery, Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { postsWithdrawn } from '../posts/post-events.js';
import { authorGone, placementChanged, readerGone } from '../relationships/changes.js';
import { GuardedWriter } from './guarded-writer.js';
import { Placements } from './placements.js';
import { sleeperWoke, Sleepers } from './sleepers.js';

@Injectable()
@HandlesJob(placementChanged)
export class PlacementChangedHandler implements Handler<{ ownerId: Id; subjectId: Id }> {
  constructor(
    private readonly placements: Placements,
    private readonly writer: GuardedWriter,
  ) {}

  async handle({ ownerId, subjectId }: { ownerId: Id; subjectId: Id }, { outboxId }: Delivery) {
    return this.writer.settled(await this.placements.settle(ownerId, subjectId), outboxId);
  }
}

@Injectable()
@HandlesJob(postsWithdrawn)
export class PostsWithdrawnHandler implements Handler<{ authorId: Id; postIds: Id[] }> {
  constructor(
    private readonly placements: Placements,
    private readonly writer: GuardedWriter,
  ) {}

  async handle({ authorId, postIds }: { authorId: Id; postIds: Id[] }, { outboxId }: Delivery) {
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
