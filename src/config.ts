/** The environment, parsed once by one schema; every mistake is reported together. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { httpUrl, json, MAX_TIMER_MS, milliseconds, positive, secret, splitList, wholeNumber } from './env/variables.ts';
import type { Auth } from './identity/identification.ts';
import { OwnError } from './job/own-error.ts';
import { priceSchema } from './job/price.ts';
import { planSchema } from './queue/plans.ts';

/** Which process reads the environment: some variables are needed by one of them only. */
export type Role = 'api' | 'worker';

const whole = (least: number, most: number, fallback: number) => wholeNumber(least, most).default(fallback);
/** Where a worker's health is unless it is set: the first of these that is free. */
const HEALTH_PORTS = Array.from({ length: 20 }, (_, n) => 3002 + n);
const HOSTS_EXPECTED = 'expected host names with commas between them, without scheme and port; *.name for all that lie under one';
const USD_EXPECTED = 'expected an amount of US dollars above 0, such as 0.5';
const PRICES_EXPECTED = `expected JSON such as {"openai/my-model":{"perMillionInputTokens":1}}, with these parts of a price: ${Object.keys(priceSchema.shape).join(', ')}`;
const PLANS_EXPECTED = `expected JSON such as {"pro":{"maxJobs":500}}, with these parts of a plan: ${Object.keys(planSchema.shape).join(', ')}`;
const tokenSecret = z.string().min(16, 'each secret must have 16 characters at least');

const schema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: whole(0, 65_535, 3001),
  WORKER_HEALTH_PORT: wholeNumber(0, 65_535).optional(),
  HOST: z.string().optional(),
  PATH: z.string().default(''),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
    .optional(),
  REDIS_KEY_PREFIX: z
    .string()
    .regex(/^\{[\w-]+\}$/, 'must be one word in braces, such as {ai-jobs}: the braces keep all keys in one cluster slot')
    .default('{ai-jobs}'),
  BREAKER_FAILURES: positive(10),
  BREAKER_OPEN_MS: milliseconds(5000),
  WORKER_CONCURRENCY: positive(3),
  WORKER_RATE_MAX: positive(10),
  WORKER_RATE_DURATION_MS: milliseconds(1000),
  WORKER_STALLED_INTERVAL_MS: milliseconds(30_000),
  WORKER_MAX_STALLED_COUNT: whole(0, 1000, 2),
  WORKER_LOCK_DURATION_MS: z.coerce.number().int().min(1).max(MAX_TIMER_MS).optional(),
  SHUTDOWN_GRACE_MS: milliseconds(20_000, 0),
  JOB_ATTEMPTS: positive(3),
  JOB_BACKOFF_MS: milliseconds(1000),
  JOB_TIMEOUT_MS: milliseconds(120_000),
  JOB_RETENTION_S: positive(86_400),
  SSE_HEARTBEAT_MS: milliseconds(15_000),
  SSE_MAX_AGE_MS: milliseconds(600_000),
  STREAM_TOKEN_SECRET: z
    .string()
    .transform(splitList)
    .pipe(z.tuple([tokenSecret], tokenSecret))
    .optional(),
  STREAM_TOKEN_TTL_S: wholeNumber(1, 1_000_000_000).optional(),
  ALLOWED_HOSTS: z
    .string()
    .transform((text) => splitList(text.toLowerCase()).map((name) => name.replace(/\.$/, '')))
    .pipe(z.array(z.string().regex(/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, HOSTS_EXPECTED)))
    .default([]),
  CORS_ORIGINS: z.string().default('*').transform(splitList),
  RATE_LIMIT_MAX: positive(60),
  RATE_LIMIT_WINDOW_S: positive(60),
  FILES_MAX_MB: whole(1, 1_000_000, 256),
  MAX_QUEUE_DEPTH: positive(10_000),
  MAX_JOBS_PER_USER: positive(100),
  DAILY_TOKENS_PER_USER: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  DAILY_USD_PER_USER: z.coerce.number(USD_EXPECTED).positive(USD_EXPECTED).max(1_000_000, USD_EXPECTED).optional(),
  PLANS: json(z.record(z.string(), planSchema), PLANS_EXPECTED).optional(),
  PRICES: json(z.record(z.string(), priceSchema), PRICES_EXPECTED).optional(),
  SAME_WORK_WINDOW_S: whole(0, 2_000_000, 0),
  TRUSTED_PROXIES: whole(0, 100, 0),
  ADMIN_TOKEN: secret.optional(),
  AUTH: z.enum(['supabase', 'trusted-header', 'none']).optional(),
  SUPABASE_URL: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
  SUPABASE_JWT_SECRET: secret.optional(),
  SUPABASE_PUBLISHABLE_KEY: secret.optional(),
  SUPABASE_ANON_KEY: secret.optional(),
  SUPABASE_SECRET_KEY: secret.optional(),
  SUPABASE_SERVICE_ROLE_KEY: secret.optional(),
  SUPABASE_WEBHOOK_SECRET: secret.optional(),
  ARCHIVE_RETENTION_DAYS: wholeNumber(1, 36_500).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** The variable that names a kind's vendor outright, by kind. It counts for more than AI_PROVIDER. */
const PROVIDER_VARIABLES = {
  'generate-flashcards': 'PROVIDER_FLASHCARDS',
  'generate-lesson': 'PROVIDER_LESSON',
  'pronunciation-assess': 'PROVIDER_PRONUNCIATION',
  'process-image': 'PROVIDER_IMAGE',
  'generate-audio': 'PROVIDER_AUDIO',
} as const;

/** All variables that name a vendor. */
const NAMING = ['AI_PROVIDER', ...Object.values(PROVIDER_VARIABLES)] as const;

type Environment = z.output<ReturnType<typeof schemaFor>>;

/** The settings of a process, ready to use. */
export type Config = ReturnType<typeof toConfig>;

/** The environment can't be used; `mistakes` names each variable and what is expected, never its value. */
export class ConfigError extends OwnError {
  override name = 'ConfigError';
  readonly mistakes: string[];

  constructor(mistakes: string[]) {
    super(
      `The environment has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`,
    );
    this.mistakes = mistakes;
  }
}

/** What the environment may hold for a vendor. */
export type VendorVariables = {
  /** As AI_PROVIDER names it. */
  name: string;
  /** Each of these switches the vendor on; one without any is always on. */
  keys: readonly string[];
  /** Whether AI_PROVIDER may name it. */
  writes?: boolean;
  variables: z.ZodRawShape;
};

/**
 * Reads the environment for a process. An empty variable counts as unset. `vendors`: those that the process may use; their
 * variables are parsed along.
 * @throws ConfigError with every mistake at once
 */
export function loadConfig(
  variables: Record<string, string | undefined>,
  role: Role,
  vendors: readonly VendorVariables[] = [],
): Config & { vendorVariables: Record<string, unknown> } {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ''));
  const ofVendors = z.object(Object.assign({}, ...vendors.map((vendor) => vendor.variables)));
  const [parsed, parsedVendors] = [schemaFor(vendors).safeParse(set), ofVendors.safeParse(set)];
  const issues = [parsed, parsedVendors].flatMap(({ error }) => error?.issues ?? []);
  // What can only be checked on a whole environment is checked on what is given, so that one run tells all.
  const mistakes = [...issues.map(describe), ...missing(set, role, vendors)];
  if (mistakes.length > 0 || !parsed.success || !parsedVendors.success) throw new ConfigError(mistakes);
  return { ...toConfig(parsed.data), vendorVariables: parsedVendors.data };
}

/** The variables that name a vendor may name those that the process knows. */
function schemaFor(vendors: readonly VendorVariables[]) {
  const oneOf = (known: readonly VendorVariables[]) => {
    const names = known.map(({ name }) => name);
    return z
      .string()
      .refine((name) => names.length === 0 || names.includes(name), `expected ${names.join(' or ')}`)
      .optional();
  };
  // AI_PROVIDER is about structured answers only.
  const naming = NAMING.map((name) => [name, oneOf(vendors.filter(({ writes }) => writes || name !== 'AI_PROVIDER'))]);
  return schema.extend(Object.fromEntries(naming) as Record<(typeof NAMING)[number], ReturnType<typeof oneOf>>);
}

function describe(issue: z.core.$ZodIssue): string {
  return `${String(issue.path[0])}: ${issue.message.replace(/^Invalid input: /, '')}`;
}

/** What must be there, given what else is: mostly what production refuses to start without. */
function missing(env: Record<string, string | undefined>, role: Role, vendors: readonly VendorVariables[]): string[] {
  const production = env['NODE_ENV'] === 'production';
  const isSet = ({ keys }: VendorVariables) => keys.some((key) => env[key] !== undefined);
  const named = NAMING.flatMap((variable) => {
    const vendor = vendors.find(({ name }) => name === env[variable]);
    return vendor ? [{ variable, vendor }] : [];
  });
  const saysAll = env['AI_PROVIDER'] !== undefined || (env['PROVIDER_FLASHCARDS'] !== undefined && env['PROVIDER_LESSON'] !== undefined);
  const writers = vendors.filter(({ writes }) => writes);
  const always = writers.find(({ keys }) => keys.length === 0);
  const key = writers.find(({ keys }) => keys.length > 0)?.keys[0];
  const rules: [broken: boolean, mistake: string][] = [
    [
      env['REDIS_URL'] === undefined,
      'REDIS_URL: expected redis://HOST:PORT (npm start alone brings an embedded store, for one machine and without memory)',
    ],
    [
      role === 'api' && production && env['SUPABASE_URL'] === undefined && env['AUTH'] !== 'trusted-header' && env['AUTH'] !== 'supabase',
      'AUTH: in production expected SUPABASE_URL, or trusted-header, which says that a gateway in front sets the user-id header and lets no client set it',
    ],
    [role === 'api' && production && env['SUPABASE_URL'] !== undefined && env['AUTH'] === 'none', 'AUTH: none is not for production'],
    [
      role === 'api' && env['AUTH'] === 'supabase' && env['SUPABASE_URL'] === undefined,
      "SUPABASE_URL: expected the project's address, since AUTH is supabase",
    ],
    ...named.map(({ variable, vendor }): [boolean, string] => [
      vendor.keys.length > 0 && !isSet(vendor),
      `${vendor.keys[0]}: expected a key, since ${variable} is ${vendor.name}`,
    ]),
    [
      production && key !== undefined && !saysAll && !writers.some(isSet),
      `${key}: in production expected a key, or AI_PROVIDER=${always?.name} to say outright that no model is to be used`,
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, mistake]) => mistake);
}

function toConfig(env: Environment) {
  return {
    production: env.NODE_ENV === 'production',
    port: env.PORT,
    /** The ports a worker tries for its health, in this order: several workers may run on one host. A port that was set is the only one. */
    workerHealthPorts: env.WORKER_HEALTH_PORT === undefined ? HEALTH_PORTS.filter((one) => one !== env.PORT) : [env.WORKER_HEALTH_PORT],
    host: env.HOST,
    /** The folders in which a worker looks for programs, such as ffmpeg. */
    path: env.PATH,
    redisUrl: env.REDIS_URL ?? '',
    keyPrefix: env.REDIS_KEY_PREFIX,
    /** The vendor of structured answers, where that is said outright. */
    aiProvider: env.AI_PROVIDER,
    /** The vendors of kinds, by kind, where they are said outright, each with the variable that says it. */
    providers: new Map(
      Object.entries(PROVIDER_VARIABLES).flatMap(([kind, variable]) => {
        const vendor = env[variable];
        return vendor === undefined ? [] : [[kind, { variable, vendor }]];
      }),
    ),
    worker: {
      name: `${hostname()}-${process.pid}`,
      concurrency: env.WORKER_CONCURRENCY,
      rate: { max: env.WORKER_RATE_MAX, duration: env.WORKER_RATE_DURATION_MS },
      stalledIntervalMs: env.WORKER_STALLED_INTERVAL_MS,
      maxStalledCount: env.WORKER_MAX_STALLED_COUNT,
      // A lock that outlived the interval would keep a lost worker's jobs from being taken over in time.
      lockDurationMs: env.WORKER_LOCK_DURATION_MS ?? Math.min(30_000, env.WORKER_STALLED_INTERVAL_MS),
    },
    breaker: { failures: env.BREAKER_FAILURES, openMs: env.BREAKER_OPEN_MS },
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    job: { attempts: env.JOB_ATTEMPTS, backoffMs: env.JOB_BACKOFF_MS, timeoutMs: env.JOB_TIMEOUT_MS, retentionS: env.JOB_RETENTION_S },
    stream: {
      heartbeatMs: env.SSE_HEARTBEAT_MS,
      maxAgeMs: env.SSE_MAX_AGE_MS,
      tokenSecrets: env.STREAM_TOKEN_SECRET,
      tokenTtlS: env.STREAM_TOKEN_TTL_S,
    },
    rateLimit: { max: env.RATE_LIMIT_MAX, windowS: env.RATE_LIMIT_WINDOW_S },
    bounds: {
      maxDepth: env.MAX_QUEUE_DEPTH,
      maxJobsPerUser: env.MAX_JOBS_PER_USER,
      dailyTokensPerUser: env.DAILY_TOKENS_PER_USER,
      dailyUsdPerUser: env.DAILY_USD_PER_USER,
    },
    prices: env.PRICES,
    plans: env.PLANS,
    /** What all files in Redis may take together, in bytes. */
    filesMaxBytes: env.FILES_MAX_MB * 1024 * 1024,
    sameWorkMs: 1000 * env.SAME_WORK_WINDOW_S,
    trustedProxies: env.TRUSTED_PROXIES,
    adminToken: env.ADMIN_TOKEN,
    corsOrigins: env.CORS_ORIGINS,
    /** The names of this machine that requests may be for, beside localhost; in production the gateway in front knows them. */
    hosts: env.NODE_ENV === 'production' ? undefined : [...namesOf(hostname()), ...env.ALLOWED_HOSTS],
    auth: authOf(env),
    archive: archiveOf(env),
    webhookSecret: env.SUPABASE_WEBHOOK_SECRET,
    logLevel: env.LOG_LEVEL,
  };
}

/** A Supabase project identifies users by itself, also in development. */
function authOf({ AUTH: said, SUPABASE_URL: url, SUPABASE_JWT_SECRET: jwtSecret }: Environment): Auth {
  if (url !== undefined && (said ?? 'supabase') === 'supabase') return { type: 'supabase', url, jwtSecret };
  return { type: said === 'trusted-header' ? said : 'none' };
}

/** Where jobs outlive Redis: in the project that the users come from. Keys have two generations of names. */
function archiveOf(env: Environment) {
  const auth = authOf(env);
  if (auth.type !== 'supabase') return undefined;
  const days = env.ARCHIVE_RETENTION_DAYS;
  return {
    url: auth.url,
    publishableKey: env.SUPABASE_PUBLISHABLE_KEY ?? env.SUPABASE_ANON_KEY,
    secretKey: env.SUPABASE_SECRET_KEY ?? env.SUPABASE_SERVICE_ROLE_KEY,
    retentionMs: days === undefined ? undefined : days * 24 * 3600 * 1000,
  };
}

/** A machine's names as its neighbours call it: its own, and that in the local network's domain (RFC 6762). */
function namesOf(machine: string): string[] {
  const name = machine.toLowerCase();
  const [first = name] = name.split('.');
  return [name, first, `${first}.local`];
}
