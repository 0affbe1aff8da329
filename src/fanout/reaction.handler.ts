import { Injectable } from '@nestjs/common';
import { ActivityStore } from '../activities/activity-store.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { postReacted, type Reaction } from '../posts/post-events.js';
import { GraphView } from '../users/graph-view.js';
import { Gate } from './gate.js';

/**
 * Tells the owner of a post that somebody loved it, commented on it or passed it on, unless a block stands between them.
 * Whether that still holds is seen when notifications are read: what was taken back and done again is told of once.
 */
@Injectable()
@HandlesJob(postReacted)
export class PostReactedHandler implements Handler<Reaction> {
  constructor(
    private readonly graph: GraphView,
    private readonly activities: ActivityStore,
    private readonly gate: Gate,
  ) {}

  async handle({ kind, eventId, actorId, ownerId, subjectId }: Reaction): Promise<'done' | 'open'> {
    if (await this.gate.isClosed()) return 'open';
    const [standing] = await this.graph.standings(ownerId, [actorId]);
    if (standing!.blocksMe || standing!.kind === 'block') return 'done';
    await this.activities.write({ kind, entryId: eventId, actorId, subjectId }, [
      { id: ownerId, stream: 'notifications' },
    ]);
    return 'done';
  }
}
