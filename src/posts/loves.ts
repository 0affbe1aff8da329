import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { PostAccess } from './post-access.js';
import { postReacted } from './post-events.js';
import { ReactionStore } from './reaction-store.js';

/** Loving posts, and ceasing to. */
@Injectable()
export class Loves {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly access: PostAccess,
    private readonly reactions: ReactionStore,
    private readonly outbox: Outbox,
  ) {}

  /** Repeating it changes nothing. @throws Problem `not-found` */
  async love(user: Id, post: Id): Promise<void> {
    await this.access.find(user, post);
    await this.primary.transaction(async (transaction) => {
      const eventId = await this.reactions.love(transaction, post, user);
      if (!eventId) return;
      const ownerId = (await this.reactions.count(transaction, [{ postId: post, loves: 1 }])).get(post);
      if (!ownerId) throw new Problem('not-found', 'There is no such post.');
      if (ownerId === user) return;
      await this.outbox.record(transaction, postReacted, {
        kind: 'love',
        eventId,
        actorId: user,
        ownerId,
        subjectId: post,
      });
    });
  }

  /** Ends it; none is fine too. */
  async unlove(user: Id, post: Id): Promise<void> {
    await this.primary.transaction(async (transaction) => {
      const ended = await this.reactions.unlove(transaction, [post], user);
      if (ended.length > 0) await this.reactions.count(transaction, [{ postId: post, loves: -1 }]);
    });
  }
}
