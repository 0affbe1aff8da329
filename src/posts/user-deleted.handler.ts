import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { Departures } from '../relationships/departures.js';
import { userDeleted } from '../users/user-events.js';
import { Posts } from './posts.js';

/** Clears away what a deleted account leaves behind: its relationships in both directions, and its posts. */
@Injectable()
@HandlesJob(userDeleted)
export class UserDeletedHandler implements Handler<{ userId: Id }> {
  constructor(
    private readonly departures: Departures,
    private readonly posts: Posts,
  ) {}

  async handle({ userId }: { userId: Id }): Promise<'done'> {
    await this.departures.remove(userId);
    await this.posts.removeAllOf(userId);
    return 'done';
  }
}
