/**
 * Tests with other people's clients, unmodified. `npm ci --prefix test/sdks` and `npm ci --prefix examples/chat` install them;
 * without them there is nothing to test.
 */
import { defineConfig } from 'vitest/config';
import { TEST_MS, WAIT_MS } from './test/support/waits.ts';

export default defineConfig({
  test: {
    name: 'embedded',
    include: ['test/sdks/*.test.ts'],
    globalSetup: ['test/support/store.ts'],
    maxWorkers: 1,
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
  },
});
