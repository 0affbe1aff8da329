import { Injectable } from '@nestjs/common';
import type { Delivery, Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { postReacted, type Reaction } from '../posts/post-events.js';
import { GraphView } from '../users/graph-view.js';
import { GuardedWriter } from './guarded-writer.js';

/**
 * Tells the owner of a post that somebody loved it, commented on it or passed it on, unless a block stands between them.
 * Whether that still holds is seen when notifications are read: what was taken back and done again is told of once.
 */
@Injectable()
@HandlesJob(postReacted)
export class PostReactedHandler implements Handler<Reaction> {
  constructor(
    private readonly graph: GraphView,
    private readonly writer: GuardedWriter,
  ) {}

  async handle(
    { kind, eventId, actorId, ownerId, subjectId }: Reaction,
    { outboxId }: Delivery,
  ): Promise<'done' | 'open'> {
    const [standing] = await this.graph.standings(ownerId, [actorId]);
    if (standing!.blocksMe || standing!.kind === 'block') return 'done';
    return this.writer.notify({ kind, entryId: eventId, actorId, subjectId }, [ownerId], outboxId);
  }
}
