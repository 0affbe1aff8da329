import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { Departures } from '../relationships/departures.js';
import { userDeleted } from '../users/user-events.js';
import { Clearing } from './clearing.js';
import { postsDeleted, postsRevised, type RevisedPosts } from './post-events.js';
import { Revisions } from './revisions.js';

/** Clears away what a deleted account leaves behind: its relationships in both directions, its posts and its loves. */
@Injectable()
@HandlesJob(userDeleted)
export class UserDeletedHandler implements Handler<{ userId: Id }> {
  constructor(
    private readonly departures: Departures,
    private readonly clearing: Clearing,
  ) {}

  async handle({ userId }: { userId: Id }): Promise<'done'> {
    await this.departures.remove(userId);
    await this.clearing.afterAuthor(userId);
    return 'done';
  }
}

/** Clears away what hangs on deleted posts. */
@Injectable()
@HandlesJob(postsDeleted)
export class PostsDeletedHandler implements Handler<{ postIds: Id[] }> {
  constructor(private readonly clearing: Clearing) {}

  async handle({ postIds }: { postIds: Id[] }): Promise<'done'> {
    await this.clearing.afterPosts(postIds);
    return 'done';
  }
}

/** Notes the edits and deletions that could not be noted right after them. */
@Injectable()
@HandlesJob(postsRevised)
export class PostsRevisedHandler implements Handler<RevisedPosts> {
  constructor(private readonly revisions: Revisions) {}

  async handle({ authorIds, postIds = [] }: RevisedPosts): Promise<'done'> {
    await this.revisions.note(authorIds, postIds);
    return 'done';
  }
}
