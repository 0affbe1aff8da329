import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { Id } from '../platform/ids/ids.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { userCreated } from '../users/user-events.js';
import { UserStore } from '../users/user-store.js';
import { Relationships } from './relationships.js';

/** Makes every newcomer a friend of the account that AUTO_FOLLOW names, without a notification for each. */
@Injectable()
@HandlesJob(userCreated)
export class AutoFollowHandler implements Handler<{ userId: Id }> {
  private readonly logger = new Logger('AutoFollow');

  constructor(
    private readonly config: Config,
    private readonly users: UserStore,
    private readonly relationships: Relationships,
  ) {}

  async handle({ userId }: { userId: Id }): Promise<'done'> {
    const { autoFollow } = this.config.relationships;
    if (!autoFollow) return 'done';
    const target = await this.users.byName(autoFollow);
    if (!target) this.logger.warn(`AUTO_FOLLOW names ${autoFollow}, but nobody has that username`);
    else if (target.id !== userId) await this.relationships.set(userId, target.id, 'friend', false);
    return 'done';
  }
}
