import type { Id } from '../platform/ids/ids.js';
import { defineJob } from '../platform/queues/job.js';
import type { FollowKind, RelationshipKind } from '../users/user-view.js';

/** One owner's relationship to one subject went from one kind to another; the owner's version counts such changes. */
export interface GraphChange {
  ownerId: Id;
  version: number;
  subjectId: Id;
  from: RelationshipKind | null;
  to: RelationshipKind | null;
}

/** Brings a change to the mirror. Normally done right after the commit; the job is for when that did not succeed. */
export const graphChanged = defineJob<GraphChange>('graph.changed', 'graph');

/** Somebody began to follow somebody. `eventId` is drawn at that moment and orders the notification. */
export const userFollowed = defineJob<{ eventId: Id; followerId: Id; followedId: Id; kind: FollowKind }>(
  'user.followed',
  'activities',
);

/** Many relationships of these owners changed at once; the mirror has to read them anew. */
export const ownersChanged = defineJob<{ ownerIds: Id[] }>('graph.owners-changed', 'graph');
