import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/helpers/property-seed.ts'],
    // Tests start real servers, worker threads and processes: the bound is for what hangs, never for speed.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Vitest leaves one core free; these tests wait for servers and processes often enough to keep all busy.
    maxWorkers: Math.max(2, availableParallelism()),
  },
});
