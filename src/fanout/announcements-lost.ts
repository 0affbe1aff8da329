import { defineJob } from '../platform/queues/job.js';

/** Somebody may not have been told of something: no tag and no log from before this is to be relied on. */
export const announcementsLost = defineJob<Record<string, never>>('announcements.lost', 'graph');
