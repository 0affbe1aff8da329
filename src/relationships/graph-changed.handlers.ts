import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { type GraphChange, graphChanged, ownersChanged } from './changes.js';
import { Mirror } from './mirror/mirror.js';

@Injectable()
@HandlesJob(graphChanged)
export class GraphChangedHandler implements Handler<GraphChange> {
  constructor(private readonly mirror: Mirror) {}

  async handle(change: GraphChange): Promise<'done'> {
    await this.mirror.apply(change);
    return 'done';
  }
}

@Injectable()
@HandlesJob(ownersChanged)
export class OwnersChangedHandler implements Handler<{ ownerIds: Id[] }> {
  constructor(private readonly mirror: Mirror) {}

  async handle({ ownerIds }: { ownerIds: Id[] }): Promise<'done'> {
    await this.mirror.reload(ownerIds);
    return 'done';
  }
}
