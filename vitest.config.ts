import { defineConfig } from 'vitest/config';
import { SlowFilesFirst } from './test/support/slow-files-first.js';

export default defineConfig({
  test: {
    include: ['src/**/*.spec.ts', 'test/**/*.spec.ts', 'bench/**/*.spec.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    // Many tests start processes of their own, so more files at a time would only get into each other's way.
    maxWorkers: 2,
    sequence: { sequencer: SlowFilesFirst },
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
