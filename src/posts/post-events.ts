import type { Id } from '../platform/ids/ids.js';
import { BULK_PRIORITY, defineJob } from '../platform/queues/job.js';

/** What somebody did with a post of somebody else. */
export interface Reaction {
  kind: 'love' | 'comment' | 'repost';
  /** Drawn when it happened: its place among the notifications. */
  eventId: Id;
  actorId: Id;
  /** Whose post it was, who is to be told. */
  ownerId: Id;
  /** The post that was loved, or reposted without words; otherwise the comment or the repost that was made. */
  subjectId: Id;
}

/** The owner of a post is to be told what somebody did with it. */
export const postReacted = defineJob<Reaction>('post.reacted', 'activities');

/** Posts of an author were deleted, and are to be taken out of the feeds of those who follow the author. */
export const postsWithdrawn = defineJob<{ authorId: Id; postIds: Id[] }>(
  'posts.withdrawn',
  'activities',
  BULK_PRIORITY,
);

/** Posts that were edited or deleted. */
export interface RevisedPosts {
  /** Whose followers may see it in their feeds. */
  authorIds: Id[];
  /** Missing in what was recorded before copies were kept. */
  postIds?: Id[];
}

/** Posts were edited or deleted; who asks for news of their authors, and who keeps copies of them, is to be told. */
export const postsRevised = defineJob<RevisedPosts>('posts.revised', 'graph');

/** Posts were deleted; what hangs on them is to be cleared away. */
export const postsDeleted = defineJob<{ postIds: Id[] }>('posts.deleted', 'graph');
