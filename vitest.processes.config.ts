/** Tests of real processes: how they start, stop, hold many connections and meet trouble. They run once, on a native Redis where there is one. */
import { spawnSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';
import { TEST_MS, WAIT_MS } from './test/support/waits.ts';

const native = process.env['TEST_REDIS_URL'] !== undefined || spawnSync('redis-server', ['--version']).status === 0;

export default defineConfig({
  test: {
    name: native ? 'native' : 'embedded',
    include: ['test/processes/**/*.test.ts'],
    globalSetup: ['test/support/store.ts'],
    maxWorkers: 3, // most of a test is waiting for processes
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
  },
});
