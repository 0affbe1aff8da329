import 'reflect-metadata';
import { celebrity } from './celebrity.js';
import { costs } from './costs.js';
import { coveringIndex } from './covering-index.js';
import { fanOut } from './fan-out.js';
import { fanOutLatency } from './fan-out-latency.js';
import { feedGrowth } from './feed-growth.js';
import { feedRead } from './feed-read.js';
import { feedReadClosed } from './feed-read-closed.js';
import { follow } from './follow.js';
import { graphLookup } from './graph-lookup.js';
import { graphMemory } from './graph-memory.js';
import { runBenchmarks } from './harness/command.js';
import { hello } from './hello.js';
import { importGraph } from './import-graph.js';
import { indexBuild } from './index-build.js';
import { partitions } from './partitions.js';
import { rebuild } from './rebuild.js';
import { recommendations } from './recommendations.js';
import { replay } from './replay.js';
import { shardMove } from './shard-move.js';

/** Every benchmark, in the order in which they are listed. */
await runBenchmarks([
  hello,
  feedRead,
  feedReadClosed,
  feedGrowth,
  celebrity,
  graphLookup,
  follow,
  recommendations,
  rebuild,
  graphMemory,
  fanOut,
  fanOutLatency,
  partitions,
  shardMove,
  indexBuild,
  coveringIndex,
  importGraph,
  replay,
  costs,
]);
