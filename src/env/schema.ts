/**
 * The variables of a process, without those of vendors: type, default, and the message for a
 * mistake.
 */
import { Resolver } from 'node:dns';
import { z } from 'zod';
import { priceSchema } from '../job/price.ts';
import { MAX_INPUT_CHARS, MAX_OUTPUT_TOKENS } from '../kinds/generate-response.ts';
import { planSchema } from '../jobs/plans.ts';
import { PROTOCOLS, SAMPLERS } from '../traces/settings.ts';
import { type AddressError, readStoreAddress } from '../store/store-address.ts';
import { certificates } from './certificates.ts';
import { kindList } from './lanes.ts';
import { operatorList } from './operator-list.ts';
import {
  flag,
  flagOr,
  httpUrl,
  json,
  MAX_TIMER_MS,
  milliseconds,
  positive,
  secret,
  splitList,
  vendorKey,
  wholeNumber,
} from './variables.ts';

const whole = (least: number, most: number, fallback: number) => wholeNumber(least, most).default(fallback);
/** Where a worker's health is unless it is set: the first of these that is free. */
export const HEALTH_PORTS = Array.from({ length: 20 }, (_, n) => 3002 + n);
/** The least that takes the largest body: a file of 10 MB as base64, and 1 MB around it. */
const LARGEST_BODY_MB = 16;
const HOSTS_EXPECTED = 'expected host names with commas between them, without scheme and port; *.name for all that lie under one';
const NAME_SERVERS_EXPECTED = 'expected addresses with commas between them, such as 9.9.9.9,[2620:fe::fe]:53';
const USD_EXPECTED = 'expected an amount of US dollars above 0, such as 0.5';
const RATIO_EXPECTED = 'expected a share from 0 to 1, such as 0.1';
const PRICES_EXPECTED = `expected JSON such as {"openai/my-model":{"perMillionInputTokens":1}}, with these parts of a price: ${Object.keys(priceSchema.shape).join(', ')}`;
const PLANS_EXPECTED = `expected JSON such as {"pro":{"maxJobs":500}}, with these parts of a plan: ${Object.keys(planSchema.shape).join(', ')}`;
/** An IP address, with or without a port, as Node's resolver takes it. */
const isNameServer = (text: string): boolean => {
  try {
    new Resolver().setServers([text]);
    return true;
  } catch {
    return false;
  }
};
const baseUrl = httpUrl.transform((url) => url.replace(/\/+$/, ''));
const signingSecret = z.string().min(16, 'each secret must have 16 characters at least');
const signingSecrets = z
  .string()
  .transform(splitList)
  .pipe(z.tuple([signingSecret], signingSecret));

function expectStoreAddress(url: string, context: z.core.$RefinementCtx<string>): void {
  try {
    readStoreAddress(url);
  } catch (error) {
    context.addIssue((error as AddressError).message);
  }
}

/** How long an attempt at a job may take unless it is set, in ms. */
export const JOB_TIMEOUT_MS = 120_000;

/** The variables, by name. */
export const schema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: whole(0, 65_535, 3001),
  PORT_SHARED: flag,
  WORKER_HEALTH_PORT: wholeNumber(0, 65_535).optional(),
  HOST: z.string().optional(),
  PATH: z.string().default(''),
  REDIS_URL: z.string().superRefine(expectStoreAddress).optional(),
  REDIS_KEY_PREFIX: z
    .string()
    .regex(/^\{[\w-]+\}$/, 'must be one word in braces, such as {ai-jobs}: the braces keep all keys in one cluster slot')
    .default('{ai-jobs}'),
  REDIS_ALLOW_EVICTION: flag,
  REDIS_TLS_CA: certificates.optional(),
  REDIS_TLS_REJECT_UNAUTHORIZED: flagOr('true'),
  BREAKER_FAILURES: positive(10),
  BREAKER_OPEN_MS: milliseconds(5000),
  WORKER_CONCURRENCY: positive(3),
  WORKER_CONCURRENCY_TOTAL: wholeNumber(1, 1_000_000_000).optional(),
  WORKER_KINDS: kindList.optional(),
  LANES: z.enum(['auto', 'off']).default('auto'),
  WORKER_RATE_MAX: positive(10),
  WORKER_RATE_DURATION_MS: milliseconds(1000),
  WORKER_STALLED_INTERVAL_MS: milliseconds(30_000),
  WORKER_MAX_STALLED_COUNT: whole(0, 1000, 2),
  WORKER_LOCK_DURATION_MS: z.coerce.number().int().min(1).max(MAX_TIMER_MS).optional(),
  JOURNAL_MEMORY_MB: whole(0, 4096, 32),
  SHORT_ROWS: z.enum(['auto', 'off']).default('auto'),
  SHUTDOWN_GRACE_MS: wholeNumber(0, MAX_TIMER_MS).optional(),
  DRAIN_MS: wholeNumber(0, MAX_TIMER_MS).optional(),
  JOB_ATTEMPTS: positive(3),
  JOB_BACKOFF_MS: milliseconds(1000),
  MAX_JOB_RETRIES: whole(0, 1000, 20),
  JOB_TIMEOUT_MS: wholeNumber(1, MAX_TIMER_MS).optional(),
  RESPONSE_MODELS: z.string().transform(splitList).default([]),
  RESPONSE_MAX_INPUT_CHARS: positive(MAX_INPUT_CHARS),
  RESPONSE_MAX_OUTPUT_TOKENS: positive(MAX_OUTPUT_TOKENS),
  RESPONSE_TIMEOUT_MS: milliseconds(600_000),
  JOB_RETENTION_S: positive(86_400),
  SSE_HEARTBEAT_MS: milliseconds(15_000),
  SSE_MAX_AGE_MS: milliseconds(600_000),
  STREAM_TOKEN_SECRET: signingSecrets.optional(),
  WEBHOOK_SECRET: signingSecrets.optional(),
  WEBHOOK_DNS_SERVERS: z
    .string()
    .transform(splitList)
    .pipe(z.array(z.string().refine(isNameServer, NAME_SERVERS_EXPECTED)).min(1, NAME_SERVERS_EXPECTED))
    .optional(),
  PUSH_DELAY_MS: milliseconds(5000, 100),
  EXPO_BASE_URL: baseUrl.default('https://exp.host'),
  EXPO_ACCESS_TOKEN: vendorKey.optional(),
  STREAM_TOKEN_TTL_S: wholeNumber(1, 1_000_000_000).optional(),
  ALLOWED_HOSTS: z
    .string()
    .transform((text) => splitList(text.toLowerCase()).map((name) => name.replace(/\.$/, '')))
    .pipe(z.array(z.string().regex(/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, HOSTS_EXPECTED)))
    .default([]),
  CORS_ORIGINS: z.string().transform(splitList).optional(),
  RATE_LIMIT_MAX: positive(60),
  RATE_LIMIT_WINDOW_S: positive(60),
  STALL_TIMEOUT_MS: milliseconds(30_000),
  MAX_UPLOAD_MB_PER_USER: whole(LARGEST_BODY_MB, 1_000_000, 24),
  MAX_UPLOAD_MB: whole(LARGEST_BODY_MB, 1_000_000, 64),
  MAX_DOWNLOAD_MB_PER_USER: whole(1, 1_000_000, 16),
  MAX_DOWNLOAD_MB: whole(1, 1_000_000, 64),
  MAX_STREAMS_PER_USER: positive(300),
  MAX_STREAMS: positive(20_000),
  MAX_COSTLY_READS_PER_USER: positive(2),
  MAX_COSTLY_READS: positive(8),
  LIST_RATE_MAX: positive(10),
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
  ADMIN_TOKENS: operatorList.optional(),
  AUTH: z.enum(['supabase', 'trusted-header', 'none']).optional(),
  SUPABASE_URL: baseUrl.optional(),
  SUPABASE_JWT_SECRET: secret.optional(),
  SUPABASE_PUBLISHABLE_KEY: vendorKey.optional(),
  SUPABASE_ANON_KEY: vendorKey.optional(),
  SUPABASE_SECRET_KEY: vendorKey.optional(),
  SUPABASE_SERVICE_ROLE_KEY: vendorKey.optional(),
  SUPABASE_WEBHOOK_SECRET: secret.optional(),
  ARCHIVE_RETENTION_DAYS: wholeNumber(1, 36_500).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: baseUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(PROTOCOLS).default('http/protobuf'),
  OTEL_BSP_SCHEDULE_DELAY: milliseconds(5000),
  OTEL_BSP_EXPORT_TIMEOUT: milliseconds(30_000),
  OTEL_BSP_MAX_QUEUE_SIZE: positive(2048),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: positive(512),
  OTEL_SDK_DISABLED: flag,
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number(RATIO_EXPECTED).min(0, RATIO_EXPECTED).max(1, RATIO_EXPECTED).default(1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});
