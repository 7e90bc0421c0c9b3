/** Tests run against real parts: each test has its own key prefix, and where it starts processes, its own ports. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { TEST_MS, WAIT_MS } from './test/support/waits.ts';

/** The suite runs on each store there is: the embedded Valkey always, a native Redis where one is found. */
const native = process.env['TEST_REDIS_URL'] !== undefined || spawnSync('redis-server', ['--version']).status === 0;
const wanted = process.env['TEST_STORE']?.split(',');
const stores = ['embedded', ...(native ? ['native'] : [])].filter((store) => wanted?.includes(store) ?? true);

/** What the store does not matter to: it uses none or brings its own, or is about how processes are started. It runs once, on the first store. */
const once = [
  'test/{client-address,config,listen}.test.ts',
  'test/archive/**',
  'test/client/**',
  'test/env/**',
  'test/identity/**',
  'test/kinds/**',
  'test/notifications/{post,push,trouble}.test.ts', // webhooks.test.ts shows that both stores carry the queue
  'test/openapi/**',
  'test/page/**',
  'test/scripts/**',
  'test/store/store.test.ts',
  'test/stream/{sse-encoding,transport,unsent}.test.ts',
  'test/http/{access,bodies,cors,decoders,guesses,hosts,image,loose-requests,pace,refusal-rests,shares,then,uploads}.test.ts',
  'test/worker/*.test.ts', // what a worker makes of models and texts
  'test/worker/{audio,kinds,texts,vendors}/**',
  'test/worker/run/{breaker,deadline,in-vain,room,usage,write-watch}.test.ts',
];

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  test: {
    alias: [
      // The example for Expo runs on a stand-in for a phone, and on the client's sources.
      {
        find: /^(react-native|expo-network|expo\/fetch|@react-native-async-storage\/async-storage)$/,
        replacement: path('test/support/phone.ts'),
      },
      { find: /^ai-jobs-client$/, replacement: path('client/src/index.ts') },
      { find: /^ai-jobs-client\/react$/, replacement: path('client/src/react.ts') },
    ],
    maxWorkers: 3, // most of a test is waiting
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
    exclude: [...configDefaults.exclude, 'test/chaos/**', 'test/processes/**', 'test/supabase/**'], // they have configs of their own
    projects: stores.map((name, index) => ({
      extends: true,
      test: { name, include: ['test/**/*.test.ts'], exclude: index > 0 ? once : [], globalSetup: ['test/support/store.ts'] },
    })),
  },
});
