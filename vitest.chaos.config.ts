/** Chaos: processes killed, stopped and cut off on purpose. It needs redis-server and a minute of its own, so `npm test` leaves it out. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'chaos',
    include: ['test/chaos/**/*.test.ts'],
    globalSetup: ['test/support/postgres.ts'],
    fileParallelism: false, // each test keeps a small machine busy
    testTimeout: 60_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
