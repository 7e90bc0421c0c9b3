/** The environment, parsed once by one schema; every mistake is reported together. */
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { z } from 'zod';
import { hostGraceMs } from './env/host-grace.ts';
import { concurrencyVariable, laneCount, OF_LANES, rateVariable } from './env/lanes.ts';
import { missing, type Role } from './env/rules.ts';
import { HEALTH_PORTS, JOB_TIMEOUT_MS, schema } from './env/schema.ts';
import { NAMING, providerVariable, type VendorVariables } from './env/vendors.ts';
import type { Auth } from './identity/identification.ts';
import type { Operator } from './identity/operators.ts';
import { OwnError } from './job/own-error.ts';
import { generateResponse, type ResponseSettings } from './kinds/generate-response.ts';
import { kinds } from './kinds/index.ts';
import type { ExportSettings } from './traces/settings.ts';

const MB = 1024 * 1024;

type Environment = z.output<ReturnType<typeof schemaFor>>;

/** The settings of a process, ready to use. */
export type Config = ReturnType<typeof toConfig> & { stop: ReturnType<typeof stopOf> };

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
 * `vendors`: those that the process may use; their variables are parsed along.
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
  // What can only be checked on a whole environment is checked
  // on what is given, so that one run tells all.
  const mistakes = [...issues.map(describe), ...missing(set, role, vendors)];
  if (mistakes.length > 0 || !parsed.success || !parsedVendors.success) throw new ConfigError(mistakes);
  return { ...toConfig(parsed.data), stop: stopOf(parsed.data, hostGraceMs(set)), vendorVariables: parsedVendors.data };
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
  const ofLanes = OF_LANES.map((name) => [name, laneCount]);
  type Named = Record<(typeof NAMING)[number], ReturnType<typeof oneOf>> & Record<(typeof OF_LANES)[number], typeof laneCount>;
  return schema.extend(Object.fromEntries([...naming, ...ofLanes]) as Named);
}

function describe(issue: z.core.$ZodIssue): string {
  return `${String(issue.path[0])}: ${issue.message.replace(/^Invalid input: /, '')}`;
}

function toConfig(env: Environment) {
  const production = env.NODE_ENV === 'production';
  return {
    production,
    port: env.PORT,
    /** Whether other processes on this machine may listen on the same port. */
    portShared: env.PORT_SHARED,
    /**
     * The ports a worker tries for its health, in this order: several
     * may run on one host. A port that was set is the only one.
     */
    workerHealthPorts: env.WORKER_HEALTH_PORT === undefined ? HEALTH_PORTS.filter((one) => one !== env.PORT) : [env.WORKER_HEALTH_PORT],
    host: env.HOST,
    /** The folders in which a worker looks for programs, such as ffmpeg. */
    path: env.PATH,
    redisUrl: env.REDIS_URL ?? '',
    redisTls: { ca: env.REDIS_TLS_CA, checked: env.REDIS_TLS_REJECT_UNAUTHORIZED },
    keyPrefix: env.REDIS_KEY_PREFIX,
    /**
     * Whether a Redis is taken that drops keys when its memory is
     * full. Outside production it is, with a warning.
     */
    mayEvict: !production || env.REDIS_ALLOW_EVICTION,
    /** The vendor of structured answers, where that is said outright. */
    aiProvider: env.AI_PROVIDER,
    providers: providersOf(env),
    worker: workerOf(env),
    /** Whether new jobs may go into lanes. */
    lanes: env.LANES === 'auto',
    responses: responsesOf(env),
    breaker: { failures: env.BREAKER_FAILURES, openMs: env.BREAKER_OPEN_MS },
    job: jobOf(env),
    stream: {
      heartbeatMs: env.SSE_HEARTBEAT_MS,
      maxAgeMs: env.SSE_MAX_AGE_MS,
      tokenSecrets: env.STREAM_TOKEN_SECRET,
      tokenTtlS: env.STREAM_TOKEN_TTL_S,
    },
    ...limitsOf(env),
    prices: env.PRICES,
    plans: env.PLANS,
    sameWorkMs: 1000 * env.SAME_WORK_WINDOW_S,
    trustedProxies: env.TRUSTED_PROXIES,
    operators: operatorsOf(env),
    ...ownAddressesOf(env),
    auth: authOf(env),
    archive: archiveOf(env),
    supabaseWebhookSecret: env.SUPABASE_WEBHOOK_SECRET,
    notifications: notificationsOf(env),
    traces: tracesOf(env),
    logLevel: env.LOG_LEVEL,
  };
}

/** How long jobs run on at the end of a process where neither a variable nor the host says it, in ms. */
const GRACE_MS = 20_000;

/**
 * How long an API in production serves on before it closes its
 * port, in ms: a balancer asks every second or so.
 */
const DRAIN_MS = 1500;

/** How a process stops. */
function stopOf(env: Environment, hostMs: number | undefined) {
  const graceMs = env.SHUTDOWN_GRACE_MS ?? hostMs ?? GRACE_MS;
  const drainMs = env.DRAIN_MS ?? (env.NODE_ENV === 'production' ? DRAIN_MS : 0);
  return {
    /** How long a worker's jobs run on, in ms. */
    graceMs,
    /** How long an API serves on while its `/ready` says 503, in ms. */
    drainMs: Math.min(drainMs, graceMs / 2),
  };
}

/** Who may operate the service. Who shows ADMIN_TOKEN is called `admin`. */
function operatorsOf(env: Environment): readonly Operator[] {
  const one = env.ADMIN_TOKEN === undefined ? [] : [{ name: 'admin', secret: env.ADMIN_TOKEN }];
  return [...one, ...(env.ADMIN_TOKENS ?? [])];
}

/** The web pages that may call, and the names that requests may be for. */
function ownAddressesOf(env: Environment) {
  const production = env.NODE_ENV === 'production';
  return {
    /**
     * The web pages that may call: in production those that are
     * listed, elsewhere those of this machine if none are.
     */
    pages: production
      ? { listed: env.CORS_ORIGINS ?? ['*'], own: undefined }
      : { listed: env.CORS_ORIGINS, own: [...namesOf(hostname()), ...addressesOf(networkInterfaces())] },
    /**
     * The names of this machine that requests may be for, beside
     * localhost; in production the gateway in front knows them.
     */
    hosts: production ? undefined : [...namesOf(hostname()), ...env.ALLOWED_HOSTS],
  };
}

/** The vendors of kinds, by kind, where they are said outright, each with the variable that says it. */
function providersOf(env: Environment) {
  return new Map(
    kinds.flatMap((kind): [kind: string, named: { variable: string; vendor: string }][] => {
      const variable = providerVariable(kind);
      const vendor = env[variable];
      return vendor === undefined ? [] : [[kind.name, { variable, vendor }]];
    }),
  );
}

/** What the environment says of a lane; undefined for what it does not say. */
export type LaneSettings = { concurrency: number | undefined; rateMax: number | undefined };

function workerOf(env: Environment) {
  return {
    name: `${hostname()}-${process.pid}`,
    /**
     * How many jobs it runs at once of the queue that all kinds
     * share, and of each lane that says nothing else.
     */
    concurrency: env.WORKER_CONCURRENCY,
    /** How many it runs at once in all. */
    concurrencyTotal: env.WORKER_CONCURRENCY_TOTAL ?? 4 * env.WORKER_CONCURRENCY,
    /** The limiter's rate, for all lanes of all workers together. */
    rate: { max: env.WORKER_RATE_MAX, duration: env.WORKER_RATE_DURATION_MS },
    /**
     * What lanes have of their own, by kind: how many jobs run at
     * once, and how many begin in the limiter's time.
     */
    laneSettings: new Map(
      kinds.map((kind): [string, LaneSettings] => [
        kind.name,
        { concurrency: env[concurrencyVariable(kind)], rateMax: env[rateVariable(kind)] },
      ]),
    ),
    /** The kinds that it is for; all of them where it is undefined. */
    kinds: env.WORKER_KINDS as readonly string[] | undefined,
    stalledIntervalMs: env.WORKER_STALLED_INTERVAL_MS,
    maxStalledCount: env.WORKER_MAX_STALLED_COUNT,
    // A lock that outlived the interval would keep a lost worker's jobs from being taken over in time.
    lockDurationMs: env.WORKER_LOCK_DURATION_MS ?? Math.min(30_000, env.WORKER_STALLED_INTERVAL_MS),
    /** How much a worker remembers of what its runs have written, in bytes. */
    journalMemoryBytes: env.JOURNAL_MEMORY_MB * 1024 * 1024,
    /** Whether journals of completed jobs may be shortened where all versions can read them. */
    shortRows: env.SHORT_ROWS === 'auto',
  };
}

function jobOf(env: Environment) {
  return {
    attempts: env.JOB_ATTEMPTS,
    maxRetries: env.MAX_JOB_RETRIES,
    backoffMs: env.JOB_BACKOFF_MS,
    timeoutMs: env.JOB_TIMEOUT_MS ?? JOB_TIMEOUT_MS,
    /**
     * Whether an attempt's time counts from its vendor's last sign
     * of life. A time that is set holds as it is.
     */
    timeoutMoves: env.JOB_TIMEOUT_MS === undefined,
    /** The time of an attempt at kinds that have one of their own, by kind, in ms. It does not move. */
    ownTimeouts: new Map([[generateResponse.name as string, env.RESPONSE_TIMEOUT_MS]]),
    retentionS: env.JOB_RETENTION_S,
  };
}

/** Which models answer any prompt, and what one request may cost. */
function responsesOf(env: Environment): ResponseSettings {
  const { RESPONSE_MODELS, RESPONSE_MAX_INPUT_CHARS: maxInputChars, RESPONSE_MAX_OUTPUT_TOKENS: maxOutputTokens } = env;
  return { models: [...new Set(RESPONSE_MODELS)], maxInputChars, maxOutputTokens };
}

/** What users may take on, and what their requests may hold. */
function limitsOf(env: Environment) {
  return {
    listsPerSecond: env.LIST_RATE_MAX,
    rateLimit: { max: env.RATE_LIMIT_MAX, windowS: env.RATE_LIMIT_WINDOW_S },
    bounds: {
      maxDepth: env.MAX_QUEUE_DEPTH,
      maxJobsPerUser: env.MAX_JOBS_PER_USER,
      dailyTokensPerUser: env.DAILY_TOKENS_PER_USER,
      dailyUsdPerUser: env.DAILY_USD_PER_USER,
    },
    /** What requests may hold, as long as they hold it: bytes, streams and waits, costly reads of Redis. */
    shares: {
      bodies: { each: env.MAX_UPLOAD_MB_PER_USER * MB, all: env.MAX_UPLOAD_MB * MB },
      answers: { each: env.MAX_DOWNLOAD_MB_PER_USER * MB, all: env.MAX_DOWNLOAD_MB * MB },
      streams: { each: env.MAX_STREAMS_PER_USER, all: env.MAX_STREAMS },
      reads: { each: env.MAX_COSTLY_READS_PER_USER, all: env.MAX_COSTLY_READS },
    },
    stallMs: env.STALL_TIMEOUT_MS,
    /** What all files in Redis may take together, in bytes. */
    filesMaxBytes: env.FILES_MAX_MB * MB,
  };
}

function notificationsOf(env: Environment) {
  return {
    webhookSecrets: env.WEBHOOK_SECRET,
    /** The name servers that webhooks' names are asked at; undefined for the system's. */
    nameServers: env.WEBHOOK_DNS_SERVERS,
    pushDelayMs: env.PUSH_DELAY_MS,
    expo: { baseUrl: env.EXPO_BASE_URL, accessToken: env.EXPO_ACCESS_TOKEN },
  };
}

/** How spans are exported; undefined where they are not. */
function tracesOf(env: Environment): ExportSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = env;
  const url = own ?? (base === undefined ? undefined : `${base}/v1/traces`);
  if (url === undefined || env.OTEL_SDK_DISABLED) return undefined;
  const sampler = { name: env.OTEL_TRACES_SAMPLER, ratio: env.OTEL_TRACES_SAMPLER_ARG };
  const batch = {
    scheduledDelayMillis: env.OTEL_BSP_SCHEDULE_DELAY,
    exportTimeoutMillis: env.OTEL_BSP_EXPORT_TIMEOUT,
    maxQueueSize: env.OTEL_BSP_MAX_QUEUE_SIZE,
    maxExportBatchSize: Math.min(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, env.OTEL_BSP_MAX_QUEUE_SIZE),
  };
  return { url, protocol: env.OTEL_EXPORTER_OTLP_PROTOCOL, serviceName: env.OTEL_SERVICE_NAME, batch, sampler };
}

/** A Supabase project identifies users by itself, also in development. */
function authOf({ AUTH: said, SUPABASE_URL: url, SUPABASE_JWT_SECRET: jwtSecret }: Environment): Auth {
  if (url !== undefined && (said ?? 'supabase') === 'supabase') return { type: 'supabase', url, jwtSecret };
  return { type: said === 'trusted-header' ? said : 'none' };
}

/**
 * Where jobs outlive Redis: in the project that the users come
 * from. Keys have two generations of names.
 */
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

/**
 * A machine's names as its neighbours call it: its own, and
 * that in the local network's domain (RFC 6762).
 */
function namesOf(machine: string): string[] {
  const name = machine.toLowerCase();
  const [first = name] = name.split('.');
  return [name, first, `${first}.local`];
}

/** A machine's addresses as they stand in URLs. */
function addressesOf(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string[] {
  const all = Object.values(interfaces).flatMap((one = []) => one);
  return all.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
}
