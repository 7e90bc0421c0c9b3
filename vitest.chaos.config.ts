/** The chaos suite: everything that can be killed, frozen or cut is, while jobs run. It needs redis-server; files run one after the other. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
