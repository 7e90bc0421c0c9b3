/** The environment: every mistake at once, by name, and never a value. */
import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../src/config.ts';
import type { Role } from '../src/env/rules.ts';
import { kinds } from '../src/kinds/index.ts';
import type { Kind } from '../src/kinds/kind.ts';
import { vendors } from '../worker/vendors/index.ts';
import { fallbackOptions, mainOptions, openai } from '../worker/vendors/openai.ts';

const REDIS = { REDIS_URL: 'redis://127.0.0.1:6379' };

function mistakes(env: Record<string, string>, role: Role = 'api'): string[] {
  try {
    loadConfig(env, role, role === 'worker' ? vendors : []);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

test('defaults', () => {
  const config = loadConfig(REDIS, 'api');
  expect(config).toMatchObject({
    port: 3001,
    workerHealthPorts: Array.from({ length: 20 }, (_, n) => 3002 + n),
    keyPrefix: '{ai-jobs}',
    worker: { concurrency: 3, rate: { max: 10, duration: 1000 }, stalledIntervalMs: 30_000, maxStalledCount: 2, lockDurationMs: 30_000 },
    job: { attempts: 3, timeoutMs: 120_000 },
    stream: { heartbeatMs: 15_000, maxAgeMs: 600_000 },
    pages: { listed: undefined, own: expect.arrayContaining(['127.0.0.1']) },
  });
});

test('lanes have what their variables say; an unknown kind is refused with those that there are', () => {
  const { worker } = loadConfig(
    { ...REDIS, WORKER_CONCURRENCY: '2', WORKER_CONCURRENCY_AUDIO: '7', WORKER_RATE_MAX_LESSON: '5' },
    'worker',
  );
  expect(worker).toMatchObject({ concurrency: 2, concurrencyTotal: 8, kinds: undefined });
  expect(Object.fromEntries(worker.laneSettings)).toMatchObject({
    'generate-audio': { concurrency: 7, rateMax: undefined },
    'generate-lesson': { concurrency: undefined, rateMax: 5 },
  });
  const some = loadConfig({ ...REDIS, WORKER_KINDS: 'generate-audio, process-image' }, 'worker');
  expect(some.worker.kinds).toEqual(['generate-audio', 'process-image']);
  expect(mistakes({ ...REDIS, WORKER_KINDS: 'generate-audio,audio' }, 'worker')).toEqual([
    expect.stringMatching(/^WORKER_KINDS: expected kinds .*generate-flashcards, .*generate-audio\b/),
  ]);
  expect(mistakes({ ...REDIS, WORKER_CONCURRENCY_IMAGE: '0' }, 'worker')).toEqual([expect.stringMatching(/^WORKER_CONCURRENCY_IMAGE: /)]);
});

test('a process that stops takes as long as its host lets it, unless a variable says more or less', () => {
  const production = { ...REDIS, NODE_ENV: 'production', AUTH: 'trusted-header' };
  const stop = (env: Record<string, string>) => loadConfig({ ...production, ...env }, 'api').stop;
  const railway = { RAILWAY_SERVICE_ID: 'abc', RAILWAY_ENVIRONMENT: 'production' };
  for (const [env, graceMs] of [
    [{}, 20_000],
    [railway, 2000],
    [{ RAILWAY_ENVIRONMENT: 'production' }, 2000],
    [{ ...railway, RAILWAY_DEPLOYMENT_DRAINING_SECONDS: '15' }, 14_000],
    [{ ...railway, RAILWAY_DEPLOYMENT_DRAINING_SECONDS: '1' }, 500],
    [{ ...railway, RAILWAY_DEPLOYMENT_DRAINING_SECONDS: '' }, 2000],
    [{ ...railway, RAILWAY_DEPLOYMENT_DRAINING_SECONDS: 'soon' }, 2000],
    [{ FLY_APP_NAME: 'app' }, 4000],
    [{ K_SERVICE: 'api' }, 9000],
    [{ RENDER: 'true' }, 25_000],
    [{ DYNO: 'web.1' }, 25_000],
    [{ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 25_000],
    [{ K_SERVICE: 'api', KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 9000],
    [{ ...railway, SHUTDOWN_GRACE_MS: '7000' }, 7000],
    [{ ...railway, SHUTDOWN_GRACE_MS: '0' }, 0],
  ] as const) {
    expect([env, stop(env)]).toEqual([env, { graceMs, drainMs: Math.min(1500, graceMs / 2) }]);
  }
  expect(stop({ DRAIN_MS: '9000' }).drainMs).toBe(9000);
  expect(stop({ DRAIN_MS: '90000' }).drainMs).toBe(10_000);
  expect(stop({ DRAIN_MS: '0' }).drainMs).toBe(0);
  expect(loadConfig(REDIS, 'api').stop.drainMs).toBe(0); // nobody's balancer is before a development server
});

const read = (env: Record<string, string>) => loadConfig({ ...REDIS, ...env }, 'worker', vendors);

/** The models that are asked with these variables. */
function models(env: Record<string, string>) {
  const variables = read(env).vendorVariables as Parameters<typeof mainOptions>[0];
  const main = mainOptions(variables);
  return { main, fallback: main && fallbackOptions(variables, main) };
}

test('an answer has a cap on tokens, for the fallback too', () => {
  const keyed = { OPENAI_API_KEY: 'k', OPENAI_FALLBACK_MODEL: 'other' };
  const capped = (maxTokens: number) => ({ main: { maxTokens }, fallback: { maxTokens } });
  expect(models(keyed)).toMatchObject(capped(16_384));
  expect(models({ ...keyed, OPENAI_MAX_TOKENS: '4000' })).toMatchObject(capped(4000));
  expect(mistakes({ ...REDIS, ...keyed, OPENAI_MAX_TOKENS: '0' }, 'worker')).toEqual([expect.stringMatching(/^OPENAI_MAX_TOKENS: /)]);
});

test('a model may think for five minutes, unless that or the time of an attempt is said', () => {
  const thinking = (env: Record<string, string>) => models({ OPENAI_API_KEY: 'k', OPENAI_FALLBACK_MODEL: 'other', ...env });
  const both = (thinkingMaxMs: number) => ({ main: { thinkingMaxMs }, fallback: { thinkingMaxMs } });
  expect(thinking({})).toMatchObject(both(300_000));
  expect(thinking({ OPENAI_THINKING_MAX_MS: '1000' })).toMatchObject(both(1000));
  expect(thinking({ JOB_TIMEOUT_MS: '60000' })).toMatchObject(both(Infinity));
  expect(thinking({ JOB_TIMEOUT_MS: '60000', OPENAI_THINKING_MAX_MS: '1000' })).toMatchObject(both(1000));
  expect([read({}).job, read({ JOB_TIMEOUT_MS: '60000' }).job]).toMatchObject([
    { timeoutMs: 120_000, timeoutMoves: true },
    { timeoutMs: 60_000, timeoutMoves: false },
  ]);
});

test('empty variables count as unset', () => {
  expect(read({ PORT: '' }).port).toBe(3001);
  expect(models({ OPENAI_API_KEY: ' ' }).main).toBeUndefined();
});

test('all mistakes are reported together, with the name of the variable and no value', () => {
  const found = mistakes(
    {
      PORT: 'eighty',
      WORKER_CONCURRENCY: '0',
      AI_PROVIDER: 'secret-provider',
      REDIS_URL: 'mysql://hunter2@x',
      STREAM_TOKEN_SECRET: 'long enough to be one,hunter2',
      ALLOWED_HOSTS: 'my-mac.example,http://hunter2:3001',
      OPENAI_BASE_URL: 'ftp://hunter2',
    },
    'worker',
  );
  expect(found.map((line) => line.split(':')[0])).toEqual([
    'PORT',
    'REDIS_URL',
    'WORKER_CONCURRENCY',
    'STREAM_TOKEN_SECRET',
    'ALLOWED_HOSTS',
    'AI_PROVIDER',
    'OPENAI_BASE_URL',
  ]);
  expect(found.join()).not.toMatch(/hunter2|secret-provider|eighty/);
});

const NO_KEYS: [what: string, key: string][] = [
  ['a zero width space', 'sk-abc\u200B'],
  ['bullets', '\u2022'.repeat(12)],
  ['quotes', '"sk-abc"'],
  ['a single quote', "sk-abc'"],
  ['typographic quotes', '\u201Csk-abc\u201D'],
  ['a space', 'sk abc'],
  ['a space at its end', 'sk-abc '],
  ['a line break', 'sk-abc\n'],
  ['a backtick', '`sk-abc`'],
  ['a byte order mark', '\uFEFFsk-abc'],
  ['a wide letter', 'sk-\uFF41bc'],
];

test.each(NO_KEYS)('a key with %s is refused at start, by the name of its variable and without its value', (_, key) => {
  const names = [
    'OPENAI_API_KEY',
    'OPENAI_FALLBACK_API_KEY',
    'AZURE_SPEECH_KEY',
    'AZURE_DOCUMENT_KEY',
    'AZURE_VISION_KEY',
    'AWS_SECRET_ACCESS_KEY',
  ];
  for (const name of names) {
    const found = mistakes({ ...REDIS, [name]: key }, 'worker');
    expect(found).toEqual([expect.stringMatching(new RegExp(`^${name}: expected a key without`))]);
    expect(found.join()).not.toContain('abc');
  }
});

test('keys as vendors make them are taken', () => {
  const keys = ['sk-proj-Ab_9-xyz', 'gsk_0123', 'AIzaSy-abc', 'wJalrXUtnFEMI/K7MDENG+bPx=', 'a.b.c~d:e@f', '0123456789abcdef'];
  for (const key of keys) expect(models({ OPENAI_API_KEY: key }).main?.apiKey).toBe(key);
});

test('prices are JSON, and a budget of money is an amount; a mistake shows how they look', () => {
  const PRICES = '{"openai/my-model":{"perMillionInputTokens":1,"perMillionOutputTokens":2.5},"azure-speech":{"perHour":1.3}}';
  const { prices, bounds } = read({ PRICES, DAILY_USD_PER_USER: '0.5' });
  expect([prices, bounds.dailyUsdPerUser]).toEqual([JSON.parse(PRICES), 0.5]);
  for (const wrong of ['hunter2', '[]', '{"openai":{"perMillionTokens":1}}', '{"openai":{"perHour":-1}}']) {
    expect(mistakes({ ...REDIS, PRICES: wrong }, 'worker')).toEqual([expect.stringMatching(/^PRICES: expected JSON such as .*perHour$/)]);
  }
  expect(mistakes({ ...REDIS, DAILY_USD_PER_USER: '0' })).toEqual([expect.stringMatching(/^DAILY_USD_PER_USER: expected an amount/)]);
});

test('a project of Supabase identifies users, also in development, unless it is said otherwise', () => {
  const project = { SUPABASE_URL: 'https://abc.supabase.co/', SUPABASE_JWT_SECRET: 's' };
  expect(read(project).auth).toEqual({ type: 'supabase', url: 'https://abc.supabase.co', jwtSecret: 's' });
  expect(read({ ...project, AUTH: 'none' }).auth).toEqual({ type: 'none' });
  expect(read({ ...project, AUTH: 'trusted-header' }).auth).toEqual({ type: 'trusted-header' });
  expect(read({}).auth).toEqual({ type: 'none' });
});

test('plans are JSON; a mistake shows what a plan has', () => {
  const PLANS = '{"pro":{"weight":3,"rateLimitMax":300,"maxJobs":500,"dailyTokens":1000000}}';
  expect(read({ PLANS }).plans).toEqual(JSON.parse(PLANS));
  for (const wrong of ['hunter2', '{"pro":7}', '{"pro":{"maxJob":1}}', '{"pro":{"weight":0}}']) {
    expect(mistakes({ ...REDIS, PLANS: wrong })).toEqual([expect.stringMatching(/^PLANS: expected JSON such as .*dailyUsd$/)]);
  }
});

test('what production refuses', () => {
  const production = { ...REDIS, NODE_ENV: 'production' };
  expect(mistakes({ NODE_ENV: 'production' })).toEqual([expect.stringMatching(/^REDIS_URL/), expect.stringMatching(/^AUTH/)]);
  expect(mistakes(production, 'worker')).toEqual([expect.stringMatching(/^OPENAI_API_KEY.*AI_PROVIDER=offline/)]);
  expect(mistakes({ ...production, AI_PROVIDER: 'offline' }, 'worker')).toEqual([]);
  expect(mistakes({ ...production, AUTH: 'trusted-header' })).toEqual([]);
  expect(mistakes({ ...production, SUPABASE_URL: 'https://abc.supabase.co' })).toEqual([]);
  expect(mistakes({ ...production, AUTH: 'none' })).toEqual([expect.stringMatching(/^AUTH/)]);
  expect(mistakes({ ...production, SUPABASE_URL: 'https://abc.supabase.co', AUTH: 'none' })).toEqual([expect.stringMatching(/^AUTH/)]);
  expect(mistakes({ ...production, AUTH: 'supabase' })).toEqual([expect.stringMatching(/^SUPABASE_URL/)]);
});

test('the vendor follows the key, unless it is said outright', () => {
  expect(models({ OPENAI_API_KEY: 'k' }).main).toMatchObject({ apiKey: 'k' });
  expect(read({ OPENAI_API_KEY: 'k', AI_PROVIDER: 'offline' }).aiProvider).toBe('offline');
  expect(mistakes({ ...REDIS, AI_PROVIDER: 'openai' }, 'worker')).toEqual([expect.stringMatching(/^OPENAI_API_KEY/)]);
});

test('each kind can name its vendor, which must be known and have its key', () => {
  const env = { PROVIDER_FLASHCARDS: 'offline', PROVIDER_LESSON: 'openai', OPENAI_API_KEY: 'k' };
  expect(Object.fromEntries(read(env).providers)).toEqual({
    'generate-flashcards': { variable: 'PROVIDER_FLASHCARDS', vendor: 'offline' },
    'generate-lesson': { variable: 'PROVIDER_LESSON', vendor: 'openai' },
  });
  const unknown = Object.fromEntries(
    ['FLASHCARDS', 'LESSON', 'PRONUNCIATION', 'IMAGE', 'AUDIO'].map((kind) => [`PROVIDER_${kind}`, 'hunter2']),
  );
  const found = mistakes({ ...REDIS, ...unknown }, 'worker');
  expect(found.map((line) => line.split(':')[0])).toEqual(Object.keys(unknown));
  expect(found.join()).not.toContain('hunter2');
  expect(mistakes({ ...REDIS, PROVIDER_LESSON: 'openai' }, 'worker')).toEqual([expect.stringMatching(/^OPENAI_API_KEY.*PROVIDER_LESSON/)]);
});

test('in production a secret of the operator has 16 characters at least; elsewhere a short one is fine', () => {
  const short = { ADMIN_TOKEN: 'k', SUPABASE_WEBHOOK_SECRET: 'fifteen-letters' };
  const production = { ...REDIS, NODE_ENV: 'production', AUTH: 'trusted-header', AI_PROVIDER: 'offline' };
  expect(mistakes({ ...production, ...short })).toEqual([
    expect.stringMatching(/^ADMIN_TOKEN: .*16 characters/),
    expect.stringMatching(/^SUPABASE_WEBHOOK_SECRET: .*16 characters/),
  ]);
  expect(mistakes({ ...production, ...short }).join()).not.toContain('fifteen-letters');
  expect(mistakes({ ...production, ADMIN_TOKEN: 'sixteen-letters-', SUPABASE_WEBHOOK_SECRET: 'seventeen-letters' })).toEqual([]);
  expect(mistakes({ ...production, ...short }, 'worker')).toEqual([]); // it does not use them
  expect(mistakes({ ...REDIS, ...short })).toEqual([]);
});

test('several operators have a name and a secret each', () => {
  const operators = (env: Record<string, string>) => loadConfig({ ...REDIS, ...env }, 'api').operators;
  expect(operators({})).toEqual([]);
  expect(operators({ ADMIN_TOKEN: 'k', ADMIN_TOKENS: 'ana:one:two, b.ob-2:x' })).toEqual([
    { name: 'admin', secret: 'k' },
    { name: 'ana', secret: 'one:two' },
    { name: 'b.ob-2', secret: 'x' },
  ]);
  expect(operators({ ADMIN_TOKENS: 'ana:old,ana:new' })).toHaveLength(2); // while a secret is changed
  for (const ADMIN_TOKENS of ['hunter2', 'ana:', ':hunter2', 'ana:hun ter2', 'a na:hunter2', ',', 'ana:hunter2,bob']) {
    expect([ADMIN_TOKENS, mistakes({ ...REDIS, ADMIN_TOKENS })]).toEqual([
      ADMIN_TOKENS,
      [expect.stringMatching(/^ADMIN_TOKENS: expected name:secret/)],
    ]);
    expect(mistakes({ ...REDIS, ADMIN_TOKENS }).join()).not.toContain('hunter2');
  }
  expect(mistakes({ ...REDIS, ADMIN_TOKENS: 'ana:x,bob:x' })).toEqual([
    expect.stringMatching(/^ADMIN_TOKENS: expected a secret of its own/),
  ]);
  const production = { ...REDIS, NODE_ENV: 'production', AUTH: 'trusted-header', AI_PROVIDER: 'offline' };
  const short = mistakes({ ...production, ADMIN_TOKENS: 'ana:sixteen-letters-,bob:fifteen-letters' });
  expect(short).toEqual([expect.stringMatching(/^ADMIN_TOKENS: .*16 characters/)]);
  expect(short.join()).not.toContain('letters');
  expect(mistakes({ ...production, ADMIN_TOKENS: 'ana:sixteen-letters-,bob:seventeen-letters' })).toEqual([]);
});

test('production takes the offline generator where it is said for all that it would do', () => {
  const production = { ...REDIS, NODE_ENV: 'production' };
  const made = kinds.filter(({ withoutKey }: Kind) => withoutKey !== 'nobody' && withoutKey.vendor === 'offline');
  const offline = Object.fromEntries(made.map(({ variable }) => [`PROVIDER_${variable}`, 'offline']));
  expect(mistakes({ ...production, ...offline }, 'worker')).toEqual([]);
  expect(mistakes({ ...production, PROVIDER_LESSON: 'offline' }, 'worker')).toEqual([expect.stringMatching(/^OPENAI_API_KEY/)]);
});

test('a key with the prefix that ships it inside the app is used, with a warning', async () => {
  const warnings: string[] = [];
  const deps = {
    guard: (_: string, work: never) => work,
    findProgram: () => undefined,
    warn: (message: string) => void warnings.push(message),
  };
  const offers = await openai.offers(read({ EXPO_PUBLIC_OPENAI_API_KEY: 'k' }).vendorVariables, deps);
  expect([offers.structuredAnswer?.available, warnings]).toEqual([true, [expect.stringContaining('EXPO_PUBLIC_OPENAI_API_KEY')]]);
});

test("a fallback takes the first model's server and key, unless it has its own; on another server it never gets that key", () => {
  const fallback = (more: Record<string, string>) => models({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://one/v1', ...more }).fallback;
  expect(fallback({})).toBeUndefined();
  expect(fallback({ OPENAI_FALLBACK_MODEL: 'b' })).toMatchObject({ model: 'b', baseURL: 'http://one/v1', apiKey: 'k' });
  const elsewhere = { OPENAI_FALLBACK_MODEL: 'b', OPENAI_FALLBACK_BASE_URL: 'http://two/v1' };
  expect(fallback(elsewhere)).toMatchObject({ baseURL: 'http://two/v1', apiKey: 'none' });
  expect(fallback({ ...elsewhere, OPENAI_FALLBACK_API_KEY: 'k2' })).toMatchObject({ apiKey: 'k2' });
});

test('a shorter stalled interval brings a shorter lock, unless that is said outright', () => {
  expect(loadConfig({ ...REDIS, WORKER_STALLED_INTERVAL_MS: '1000' }, 'worker').worker.lockDurationMs).toBe(1000);
  expect(
    loadConfig({ ...REDIS, WORKER_STALLED_INTERVAL_MS: '1000', WORKER_LOCK_DURATION_MS: '5000' }, 'worker').worker.lockDurationMs,
  ).toBe(5000);
});
