import type { Id } from '../platform/ids/ids.js';
import { defineJob } from '../platform/queues/job.js';

/** A user signed up. */
export const userCreated = defineJob<{ userId: Id }>('user.created', 'graph');

/** An account was deleted; what it leaves behind is to be cleared away. */
export const userDeleted = defineJob<{ userId: Id }>('user.deleted', 'graph');

/** What everybody sees of these users has changed; their cards are to be forgotten. */
export const cardsChanged = defineJob<{ userIds: Id[] }>('cards.changed', 'graph');
