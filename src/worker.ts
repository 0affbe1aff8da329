import 'reflect-metadata';
import { run } from './app/run.js';

/** Carries out jobs alone; PORT answers health and metrics. */
await run('worker');
