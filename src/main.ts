import 'reflect-metadata';
import { run } from './app/run.js';

/** Serves HTTP, jobs or both, as ROLES says. */
await run();
