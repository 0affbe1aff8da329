import { Foundation1763600000000 } from './primary/1763600000000-foundation.js';
import { Graph1763700000000 } from './primary/1763700000000-graph.js';
import { Recommendations1763800000000 } from './primary/1763800000000-recommendations.js';
import { GateClosings1763820000000 } from './primary/1763820000000-gate-closings.js';
import { ShardMapVersion1763825000000 } from './primary/1763825000000-shard-map-version.js';
import { FairFanOut1763830000000 } from './primary/1763830000000-fair-fan-out.js';
import { IndexBuilds1763840000000 } from './primary/1763840000000-index-builds.js';
import { StatementStatistics1763841000000 } from './primary/1763841000000-statement-statistics.js';
import { ActivityRepairs1763850000000 } from './primary/1763850000000-activity-repairs.js';
import { Conversations1763860000000 } from './primary/1763860000000-conversations.js';
import { CompleteFeeds1763870000000 } from './primary/1763870000000-complete-feeds.js';
import { OperatorsDeliveries1763876000000 } from './primary/1763876000000-operators-deliveries.js';
import { ShardMoves1764200000000 } from './primary/1764200000000-shard-moves.js';
import { ServingProcesses1764300000000 } from './primary/1764300000000-serving-processes.js';
import { ShardMovePace1764460000000 } from './primary/1764460000000-shard-move-pace.js';
import { MergedPosts1764500000000 } from './primary/1764500000000-merged-posts.js';
import { Activities1763600000000 } from './shard/1763600000000-activities.js';
import { Fence1763820000000 } from './shard/1763820000000-fence.js';
import { Partitions1763825000000 } from './shard/1763825000000-partitions.js';
import { ShardStatementStatistics1763841000000 } from './shard/1763841000000-statement-statistics.js';
import { ActivitiesRemoved1763850000000 } from './shard/1763850000000-activities-removed.js';
import { ShardMoveMarks1764200000000 } from './shard/1764200000000-shard-move-marks.js';
import { FenceCheck1764300000000 } from './shard/1764300000000-fence-check.js';
import { CopyPace1764460000000 } from './shard/1764460000000-copy-pace.js';

/** The primary's migrations, oldest first. */
export const primaryMigrations = [
  Foundation1763600000000,
  Graph1763700000000,
  Recommendations1763800000000,
  GateClosings1763820000000,
  ShardMapVersion1763825000000,
  FairFanOut1763830000000,
  IndexBuilds1763840000000,
  StatementStatistics1763841000000,
  ActivityRepairs1763850000000,
  Conversations1763860000000,
  CompleteFeeds1763870000000,
  OperatorsDeliveries1763876000000,
  ShardMoves1764200000000,
  ServingProcesses1764300000000,
  ShardMovePace1764460000000,
  MergedPosts1764500000000,
];

/** Every activity shard's migrations, oldest first. */
export const shardMigrations = [
  Activities1763600000000,
  Fence1763820000000,
  Partitions1763825000000,
  ShardStatementStatistics1763841000000,
  ActivitiesRemoved1763850000000,
  ShardMoveMarks1764200000000,
  FenceCheck1764300000000,
  CopyPace1764460000000,
];
