#!/usr/bin/env node
import 'reflect-metadata';
import { createProgram } from './app/cli.js';

await createProgram().parseAsync();
