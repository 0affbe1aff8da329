import { Foundation1763600000000 } from './primary/1763600000000-foundation.js';
import { Graph1763700000000 } from './primary/1763700000000-graph.js';
import { ActivityRepairs1763850000000 } from './primary/1763850000000-activity-repairs.js';
import { Activities1763600000000 } from './shard/1763600000000-activities.js';
import { ActivitiesRemoved1763850000000 } from './shard/1763850000000-activities-removed.js';

/** The primary's migrations, oldest first. */
export const primaryMigrations = [Foundation1763600000000, Graph1763700000000, ActivityRepairs1763850000000];

/** Every activity shard's migrations, oldest first. */
export const shardMigrations = [Activities1763600000000, ActivitiesRemoved1763850000000];
