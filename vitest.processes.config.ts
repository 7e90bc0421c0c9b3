/** Tests of real processes: how they start, stop, hold many connections and meet trouble. They run once, on a native Redis where there is one. */
import { spawnSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';

const native = process.env['TEST_REDIS_URL'] !== undefined || spawnSync('redis-server', ['--version']).status === 0;

export default defineConfig({
  test: {
    name: native ? 'native' : 'embedded',
    include: ['test/processes/**/*.test.ts'],
    globalSetup: ['test/support/store.ts'],
    maxWorkers: 2, // most of a test is waiting for processes
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
