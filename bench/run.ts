import 'reflect-metadata';
import { feedRead } from './feed-read.js';
import { runBenchmarks } from './harness/command.js';
import { hello } from './hello.js';

/** Every benchmark, in the order in which they are listed. */
await runBenchmarks([hello, feedRead]);
