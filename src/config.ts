/** The environment, parsed once by one schema; every mistake is reported together. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { OwnError } from './job/own-error.ts';

/** Which process reads the environment: some variables are needed by one of them only. */
export type Role = 'api' | 'worker';

const MAX_TIMER_MS = 2 ** 31 - 1; // longer ones fire at once
const wholeNumber = (least: number, most: number) => {
  const message = `expected a whole number from ${least} to ${most}`;
  return z.coerce.number(message).int(message).min(least, message).max(most, message);
};
const whole = (least: number, most: number, fallback: number) => wholeNumber(least, most).default(fallback);
const ms = (fallback: number, least = 1) => whole(least, MAX_TIMER_MS, fallback);
const port = (fallback: number) => whole(0, 65_535, fallback);
/** Where a worker's health is unless it is set: the first of these that is free. */
const HEALTH_PORTS = Array.from({ length: 20 }, (_, n) => 3002 + n);
const positive = (fallback: number) => whole(1, 1_000_000_000, fallback);
const secret = z.string().min(1);
const HOSTS_EXPECTED = 'expected host names with commas between them, without scheme and port; *.name for all that lie under one';
const tokenSecret = z.string().min(16, 'each secret must have 16 characters at least');

const schema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: port(3001),
  WORKER_HEALTH_PORT: wholeNumber(0, 65_535).optional(),
  HOST: z.string().optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
    .optional(),
  REDIS_KEY_PREFIX: z
    .string()
    .regex(/^\{[\w-]+\}$/, 'must be one word in braces, such as {ai-jobs}: the braces keep all keys in one cluster slot')
    .default('{ai-jobs}'),
  AI_PROVIDER: z.enum(['openai', 'offline']).optional(),
  OPENAI_API_KEY: secret.optional(),
  EXPO_PUBLIC_OPENAI_API_KEY: secret.optional(),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  OPENAI_MODEL: z.string().default('gpt-5.4-mini'),
  OPENAI_IDLE_TIMEOUT_MS: ms(30_000),
  OPENAI_MAX_TOKENS: positive(16_384),
  OPENAI_FALLBACK_MODEL: z.string().optional(),
  OPENAI_FALLBACK_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  OPENAI_FALLBACK_API_KEY: secret.optional(),
  BREAKER_FAILURES: positive(10),
  BREAKER_OPEN_MS: ms(5000),
  WORKER_CONCURRENCY: positive(3),
  WORKER_RATE_MAX: positive(10),
  WORKER_RATE_DURATION_MS: ms(1000),
  WORKER_STALLED_INTERVAL_MS: ms(30_000),
  WORKER_MAX_STALLED_COUNT: whole(0, 1000, 2),
  WORKER_LOCK_DURATION_MS: z.coerce.number().int().min(1).max(MAX_TIMER_MS).optional(),
  SHUTDOWN_GRACE_MS: ms(20_000, 0),
  JOB_ATTEMPTS: positive(3),
  JOB_BACKOFF_MS: ms(1000),
  JOB_TIMEOUT_MS: ms(120_000),
  JOB_RETENTION_S: positive(86_400),
  SSE_HEARTBEAT_MS: ms(15_000),
  SSE_MAX_AGE_MS: ms(600_000),
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
  MAX_QUEUE_DEPTH: positive(10_000),
  MAX_JOBS_PER_USER: positive(100),
  DAILY_TOKENS_PER_USER: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  SAME_WORK_WINDOW_S: whole(0, 2_000_000, 0),
  TRUSTED_PROXIES: whole(0, 100, 0),
  ADMIN_TOKEN: secret.optional(),
  AUTH: z.enum(['trusted-header']).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** The entries of a list with commas between them. */
function splitList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

type Environment = z.output<typeof schema>;

/** The settings of a process, ready to use. */
export type Config = ReturnType<typeof toConfig>;

/** How the AI work is done, and with what. */
export type ProviderConfig = { name: 'offline' } | { name: 'openai'; main: ModelConfig; fallback?: ModelConfig | undefined };

/**
 * A model on a server that speaks OpenAI's chat completions. `idleTimeoutMs`: how long it may bring nothing new;
 * `maxTokens`: how many tokens one answer may have, thinking included.
 */
export type ModelConfig = { apiKey: string; baseURL?: string | undefined; model: string; idleTimeoutMs: number; maxTokens: number };

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

/**
 * Reads the environment for a process. An empty variable counts as unset.
 * @throws ConfigError with every mistake at once
 */
export function loadConfig(variables: Record<string, string | undefined>, role: Role): Config {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ''));
  const parsed = schema.safeParse(set);
  if (!parsed.success) {
    // What can only be checked on a whole environment is checked on what is given, so that one run tells all.
    throw new ConfigError([...parsed.error.issues.map(describe), ...missing(set, role)]);
  }
  const mistakes = missing(set, role);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return toConfig(parsed.data);
}

function describe(issue: z.core.$ZodIssue): string {
  return `${String(issue.path[0])}: ${issue.message.replace(/^Invalid input: /, '')}`;
}

/** What must be there, given what else is: mostly what production refuses to start without. */
function missing(env: Record<string, string | undefined>, role: Role): string[] {
  const production = env['NODE_ENV'] === 'production';
  const hasKey = env['OPENAI_API_KEY'] ?? env['EXPO_PUBLIC_OPENAI_API_KEY'];
  const rules: [broken: boolean, mistake: string][] = [
    [
      env['REDIS_URL'] === undefined,
      'REDIS_URL: expected redis://HOST:PORT (npm start alone brings an embedded store, for one machine and without memory)',
    ],
    [
      role === 'api' && production && env['AUTH'] === undefined,
      'AUTH: in production expected trusted-header, which says that a gateway in front sets the user-id header and lets no client set it',
    ],
    [
      role === 'worker' && env['AI_PROVIDER'] === 'openai' && hasKey === undefined,
      'OPENAI_API_KEY: expected a key, since AI_PROVIDER is openai',
    ],
    [
      role === 'worker' && production && hasKey === undefined && env['AI_PROVIDER'] !== 'offline',
      'OPENAI_API_KEY: in production expected a key, or AI_PROVIDER=offline to say outright that no model is to be used',
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
    redisUrl: env.REDIS_URL ?? '',
    keyPrefix: env.REDIS_KEY_PREFIX,
    provider: toProvider(env),
    exposedKey: env.OPENAI_API_KEY === undefined && env.EXPO_PUBLIC_OPENAI_API_KEY !== undefined,
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
    bounds: { maxDepth: env.MAX_QUEUE_DEPTH, maxJobsPerUser: env.MAX_JOBS_PER_USER, dailyTokensPerUser: env.DAILY_TOKENS_PER_USER },
    sameWorkMs: 1000 * env.SAME_WORK_WINDOW_S,
    trustedProxies: env.TRUSTED_PROXIES,
    adminToken: env.ADMIN_TOKEN,
    corsOrigins: env.CORS_ORIGINS,
    /** The names of this machine that requests may be for, beside localhost; in production the gateway in front knows them. */
    hosts: env.NODE_ENV === 'production' ? undefined : [...namesOf(hostname()), ...env.ALLOWED_HOSTS],
    /** Whether every request must say who it is from: behind a gateway the header does, and a body's `userId` counts for nothing. */
    identityRequired: env.AUTH === 'trusted-header',
    logLevel: env.LOG_LEVEL,
  };
}

/** A machine's names as its neighbours call it: its own, and that in the local network's domain (RFC 6762). */
function namesOf(machine: string): string[] {
  const name = machine.toLowerCase();
  const [first = name] = name.split('.');
  return [name, first, `${first}.local`];
}

function toProvider(env: Environment): ProviderConfig {
  const apiKey = env.OPENAI_API_KEY ?? env.EXPO_PUBLIC_OPENAI_API_KEY;
  if (env.AI_PROVIDER === 'offline' || apiKey === undefined) return { name: 'offline' };
  const main: ModelConfig = {
    apiKey,
    baseURL: env.OPENAI_BASE_URL,
    model: env.OPENAI_MODEL,
    idleTimeoutMs: env.OPENAI_IDLE_TIMEOUT_MS,
    maxTokens: env.OPENAI_MAX_TOKENS,
  };
  if (env.OPENAI_FALLBACK_MODEL === undefined) return { name: 'openai', main };
  const elsewhere = env.OPENAI_FALLBACK_BASE_URL !== undefined;
  const fallback = {
    ...main,
    model: env.OPENAI_FALLBACK_MODEL,
    baseURL: env.OPENAI_FALLBACK_BASE_URL ?? main.baseURL,
    // Another server gets a key of its own, never this one's by accident.
    apiKey: env.OPENAI_FALLBACK_API_KEY ?? (elsewhere ? 'none' : apiKey),
  };
  return { name: 'openai', main, fallback };
}
