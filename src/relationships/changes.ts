import type { Id } from '../platform/ids/ids.js';
import { BULK_PRIORITY, defineJob } from '../platform/queues/job.js';
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

/** Somebody began, ceased or went on in another way to follow somebody: the rows in their feeds are to follow. */
export const placementChanged = defineJob<{ ownerId: Id; subjectId: Id }>('placement.changed', 'activities');

/** An author is gone, and these followed them: the author's rows are to be taken out of their feeds. */
export const authorGone = defineJob<{ authorId: Id; readerIds: Id[] }>(
  'author.gone',
  'activities',
  BULK_PRIORITY,
);

/** Somebody is gone, and the rows that were written for them are to go too. */
export const readerGone = defineJob<{ readerId: Id }>('reader.gone', 'activities', BULK_PRIORITY);

/** Many relationships of these owners changed at once; the mirror has to read them anew. */
export const ownersChanged = defineJob<{ ownerIds: Id[] }>('graph.owners-changed', 'graph');
