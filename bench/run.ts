import 'reflect-metadata';
import { fanOut } from './fan-out.js';
import { feedRead } from './feed-read.js';
import { follow } from './follow.js';
import { graphLookup } from './graph-lookup.js';
import { graphMemory } from './graph-memory.js';
import { runBenchmarks } from './harness/command.js';
import { hello } from './hello.js';
import { importGraph } from './import-graph.js';
import { rebuild } from './rebuild.js';

/** Every benchmark, in the order in which they are listed. */
await runBenchmarks([hello, feedRead, fanOut, importGraph, graphLookup, follow, rebuild, graphMemory]);
