/** Chaos: processes killed, stopped and cut off on purpose. It needs redis-server and two minutes of its own, so `npm test` leaves it out. */
import { defineConfig } from 'vitest/config';
import { TEST_MS, WAIT_MS } from './test/support/waits.ts';

/** What `npm run test:chaos -- --long` runs besides: generators, with more variants than in the suite. */
const longForms = ['test/worker/vendors/{answer-shapes,latex,refusal}.test.ts', 'test/worker/vendors/offline/pasted-texts.test.ts'];

export default defineConfig({
  test: {
    name: 'chaos',
    include: ['test/chaos/**/*.test.ts', ...(process.env['LONG_FORMS'] === 'true' ? longForms : [])],
    globalSetup: ['test/support/postgres.ts'],
    maxWorkers: 3, // each test has a Redis and processes of its own, and most of it is waiting
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
  },
});
