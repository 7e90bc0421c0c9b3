/** Tests of the archive on a whole Supabase project. They run once, on a native Redis where there is one, and on PostgreSQL where it is installed. */
import { spawnSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';
import { TEST_MS, WAIT_MS } from './test/support/waits.ts';

const native = process.env['TEST_REDIS_URL'] !== undefined || spawnSync('redis-server', ['--version']).status === 0;

export default defineConfig({
  test: {
    name: native ? 'native' : 'embedded',
    include: ['test/supabase/**/*.test.ts', 'test/http/access.test.ts'], // which has routes of jobs that only the archive has
    globalSetup: ['test/support/store.ts', 'test/support/postgres.ts'],
    maxWorkers: 3, // most of a test is waiting
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
    onConsoleLog: (log) => !log.startsWith('PostgresError'), // what @supabase/lite answers, it writes to the console as well
  },
});
