import type { Id } from '../platform/ids/ids.js';
import { defineJob } from '../platform/queues/job.js';

/** A post was published and is to reach its author's audience and those whom it mentions. */
export const postPublished = defineJob<{ postId: Id; authorId: Id; mentions: Id[] }>(
  'post.published',
  'activities',
);
