import 'reflect-metadata';
import { coveringIndex } from './covering-index.js';
import { fanOut } from './fan-out.js';
import { fanOutLatency } from './fan-out-latency.js';
import { feedRead } from './feed-read.js';
import { runBenchmarks } from './harness/command.js';
import { hello } from './hello.js';
import { importGraph } from './import-graph.js';
import { indexBuild } from './index-build.js';
import { partitions } from './partitions.js';

/** Every benchmark, in the order in which they are listed. */
await runBenchmarks([
  hello,
  feedRead,
  fanOut,
  fanOutLatency,
  partitions,
  indexBuild,
  coveringIndex,
  importGraph,
]);
