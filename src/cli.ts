#!/usr/bin/env node
import 'reflect-metadata';
import { createProgram } from './app/cli.js';

await createProgram().parseAsync();
// A connection that could not be made may still be trying; the command is over.
process.exit();
