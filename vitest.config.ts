import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of the stack: they read templates, and share nothing that one could spoil for another. */
const STACK = 'test/infra/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/prebuilt.ts'],
    setupFiles: ['test/helpers/property-seed.ts'],
    // Tests start real servers, worker threads and processes: the bound is for what hangs, never for speed.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Vitest leaves one core free; these tests wait for servers and processes often enough to keep all busy.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      { extends: true, test: { name: 'all else', include: ['test/**/*.test.ts'], exclude: [STACK] } },
      // The CDK takes a second to load, and the bundles as long to build: once for a process, not once for each file.
      { extends: true, test: { name: 'stack', include: [STACK], isolate: false } },
    ],
  },
});
