/** Tests run against real parts: each test has its own key prefix, and where it starts processes, its own ports. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { TEST_MS, WAIT_MS } from './test/support/waits.ts';

/** The suite runs on each store there is: the embedded Valkey always, a native Redis and a native Valkey where they are found. */
const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const native = process.env['TEST_REDIS_URL'] !== undefined || isThere('redis-server');
const wanted = process.env['TEST_STORE']?.split(',');
const stores = ['embedded', ...(native ? ['native'] : []), ...(isThere('valkey-server') ? ['valkey'] : [])].filter(
  (store) => wanted?.includes(store) ?? true,
);

/**
 * The files that run on every store: what they test is done by the store, in commands and scripts. The others run on the first one: they
 * use no store, bring their own, or test what is above the queue. test/support/store-use.ts fails the run where a file of theirs asks the
 * first store for a command or a script that nobody asks the other one for.
 */
const onEveryStore = [
  'test/flow.test.ts',
  'test/files/**',
  'test/jobs/!(unaccepted).test.ts', // it uses none
  'test/store/!(store|store-tls|cluster-connection|sentinel-answers|sentinel-connection).test.ts', // they bring their own, or need none
  'test/stream/{event-reader,feed,live,user-feed}.test.ts',
  'test/notifications/{kept,redelivery,webhooks}.test.ts',
  'test/http/{admin-bulk,admin-dead-letters,admin-pauses,admin-users,cancel,cancel-after,erase,erase-cost,garbage,limits,listing,retry,same-work,stats}.test.ts',
  'test/worker/run/{breaker,input-versions,journal,lane-rate,lock-watch,run-locks,spending,stalled,worker-backend}.test.ts',
];

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  test: {
    alias: [
      // The example for Expo runs on a stand-in for a phone, and on the client's sources.
      {
        find: /^(react-native|expo-(audio|camera|network|notifications)|expo\/fetch|@react-native-async-storage\/async-storage)$/,
        replacement: path('test/support/phone.ts'),
      },
      { find: /^expo-constants$/, replacement: path('test/support/phone-constants.ts') },
      { find: /^ai-jobs-client$/, replacement: path('client/src/index.ts') },
      { find: /^ai-jobs-client\/react$/, replacement: path('client/src/react.ts') },
      { find: /^ai-jobs-client\/testing$/, replacement: path('client/src/testing.ts') },
    ],
    maxWorkers: 4, // most of a test is waiting
    isolate: false, // a worker loads our modules once for all of its files: they keep nothing that is a test's, and none is mocked
    setupFiles: ['test/support/seed.ts'],
    unstubGlobals: true,
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
    exclude: [...configDefaults.exclude, 'test/chaos/**', 'test/processes/**', 'test/supabase/**', 'test/sdks/**'], // they have configs of their own
    projects: stores.map((name, index) => ({
      extends: true,
      test: { name, include: index === 0 ? ['test/**/*.test.ts'] : onEveryStore, globalSetup: ['test/support/store.ts'] },
    })),
  },
});
