/** Chaos: processes killed, stopped and cut off on purpose. It needs redis-server and a minute of its own, so `npm test` leaves it out. */
import { defineConfig } from 'vitest/config';
import { TEST_MS, WAIT_MS } from './test/support/waits.ts';

export default defineConfig({
  test: {
    name: 'chaos',
    include: ['test/chaos/**/*.test.ts'],
    globalSetup: ['test/support/postgres.ts'],
    fileParallelism: false, // each test keeps a small machine busy
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
  },
});
