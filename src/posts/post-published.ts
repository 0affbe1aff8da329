import type { Id } from '../platform/ids/ids.js';
import { defineJob } from '../platform/queues/job.js';

/** A post was published and is to reach its author's audience. */
export const postPublished = defineJob<{ postId: Id; authorId: Id }>('post.published', 'activities');

/**
 * A post mentions these, who are to be told. An intent of its own, so that neither somebody whose shard is away holds up
 * the audience, nor the audience those who are mentioned.
 */
export const usersMentioned = defineJob<{ postId: Id; authorId: Id; mentions: Id[] }>(
  'post.mentioned',
  'activities',
);

/** Posts were changed or deleted; what the cache holds of them is to be forgotten. */
export const postsChanged = defineJob<{ postIds: Id[] }>('posts.changed', 'graph');
