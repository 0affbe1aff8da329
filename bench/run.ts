import 'reflect-metadata';
import { fanOut } from './fan-out.js';
import { fanOutLatency } from './fan-out-latency.js';
import { feedRead } from './feed-read.js';
import { runBenchmarks } from './harness/command.js';
import { hello } from './hello.js';
import { importGraph } from './import-graph.js';

/** Every benchmark, in the order in which they are listed. */
await runBenchmarks([hello, feedRead, fanOut, fanOutLatency, importGraph]);
