import { Foundation1763600000000 } from './primary/1763600000000-foundation.js';
import { Graph1763700000000 } from './primary/1763700000000-graph.js';
import { ShardMapVersion1763825000000 } from './primary/1763825000000-shard-map-version.js';
import { Conversations1763860000000 } from './primary/1763860000000-conversations.js';
import { Activities1763600000000 } from './shard/1763600000000-activities.js';
import { Partitions1763825000000 } from './shard/1763825000000-partitions.js';

/** The primary's migrations, oldest first. */
export const primaryMigrations = [
  Foundation1763600000000,
  Graph1763700000000,
  ShardMapVersion1763825000000,
  Conversations1763860000000,
];

/** Every activity shard's migrations, oldest first. */
export const shardMigrations = [Activities1763600000000, Partitions1763825000000];
