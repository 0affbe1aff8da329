import { Foundation1763600000000 } from './primary/1763600000000-foundation.js';
import { Graph1763700000000 } from './primary/1763700000000-graph.js';
import { Recommendations1763800000000 } from './primary/1763800000000-recommendations.js';
import { Activities1763600000000 } from './shard/1763600000000-activities.js';

/** The primary's migrations, oldest first. */
export const primaryMigrations = [Foundation1763600000000, Graph1763700000000, Recommendations1763800000000];

/** Every activity shard's migrations, oldest first. */
export const shardMigrations = [Activities1763600000000];
