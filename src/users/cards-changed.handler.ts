import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { ProfileCards } from './profile-cards.js';
import { cardsChanged } from './user-events.js';

/** Forgets the cards that could not be forgotten right after the change. */
@Injectable()
@HandlesJob(cardsChanged)
export class CardsChangedHandler implements Handler<{ userIds: Id[] }> {
  constructor(private readonly cards: ProfileCards) {}

  async handle({ userIds }: { userIds: Id[] }): Promise<'done'> {
    await this.cards.forget(userIds);
    return 'done';
  }
}
