import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { PostCards } from './post-cards.js';
import { postsChanged } from './post-published.js';

/** Forgets the cards that could not be forgotten right after the change. */
@Injectable()
@HandlesJob(postsChanged)
export class PostsChangedHandler implements Handler<{ postIds: Id[] }> {
  constructor(private readonly cards: PostCards) {}

  async handle({ postIds }: { postIds: Id[] }): Promise<'done'> {
    await this.cards.forget(postIds);
    return 'done';
  }
}
