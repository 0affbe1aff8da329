import type { Id } from '../platform/ids/ids.js';
import { defineJob } from '../platform/queues/job.js';

/** A user signed up. */
export const userCreated = defineJob<{ userId: Id }>('user.created', 'graph');
