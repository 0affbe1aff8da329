import 'reflect-metadata';
import { fanOut } from './fan-out.js';
import { feedRead } from './feed-read.js';
import { runBenchmarks } from './harness/command.js';
import { hello } from './hello.js';
import { importGraph } from './import-graph.js';
import { recommendations } from './recommendations.js';

/** Every benchmark, in the order in which they are listed. */
await runBenchmarks([hello, feedRead, fanOut, importGraph, recommendations]);
