/** Circuit breakers: what all workers together know of a provider's health, so that a sick one is not asked by each job in turn. */
import type { Redis } from 'ioredis';
import type { ProblemCode } from '../jobs/problem.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';

/** When a breaker opens, and how those it holds back return; the durations are in ms. */
export type BreakerOptions = {
  /** So many failures without a success between them open it. */
  failures: number;
  /** For so long at first; after each probe that fails, for twice as long. */
  openMs: number;
  /** How long a probe may take before another may try. */
  probeMs: number;
  /** The pause between two of those who were held back, so that they leave room for others when they return. */
  paceMs: number;
};

/** Who may call, with what to give back at the end, or who is held back: why, and for how many ms. */
export type Entry = { type: 'in'; ticket: number } | { type: 'held'; code: ProblemCode; ms: number };

/** A provider's breaker. */
export type CircuitBreaker = {
  /** Asks to call the provider. Half-open, it lets one in as a probe. */
  enter(): Promise<Entry>;
  /** The provider works: closes the breaker, unless it was opened after the call was made. */
  succeeded(): Promise<void>;
  /** The provider does not; `retryAfterMs` where it said itself for how long. */
  failed(code: ProblemCode, retryAfterMs: number | undefined): Promise<void>;
  /** The call ended without telling anything: if it was the probe, another may try. */
  leave(ticket: number): Promise<void>;
};

/** No breaker is open for longer than this, in ms: then somebody tries. */
const MAX_OPEN_MS = 60_000;

/** How long a breaker that nobody touches remembers, in ms. */
const KEPT_MS = 3_600_000;

/** The time is Redis' own: workers' clocks may differ. Those held back return one after the other once it may be closed again. */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const ENTER = `
local breaker, probeMs, paceMs, openMs = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
${CLOCK}
local state = redis.call('HMGET', breaker, 'until', 'probing', 'code')
if not state[1] then return { '', 0 } end
local opens, probing = tonumber(state[1]), tonumber(state[2] or 0)
if now >= opens and now >= probing then
  redis.call('HSET', breaker, 'probing', now + probeMs)
  return { '', now + probeMs }
end
local held = redis.call('HINCRBY', breaker, 'held', 1)
return { state[3], math.max(opens - now, openMs) + (held - 1) * paceMs }
`;

/** A call that was made before the breaker opened, and succeeds after, says nothing of now. */
const SUCCEEDED = `
${CLOCK}
if tonumber(redis.call('HGET', KEYS[1], 'until') or 0) <= now then redis.call('DEL', KEYS[1]) end
`;

const LEAVE = `if redis.call('HGET', KEYS[1], 'probing') == ARGV[1] then redis.call('HDEL', KEYS[1], 'probing') end`;

const FAILED = `
local breaker, failures, openMs, maxMs, code, asked = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
${CLOCK}
local opens = tonumber(redis.call('HGET', breaker, 'until') or 0)
if opens > now then return end
local count = redis.call('HINCRBY', breaker, 'failures', 1)
redis.call('HSET', breaker, 'code', code)
redis.call('PEXPIRE', breaker, ARGV[6])
if asked > 0 then opens = now + math.min(asked, maxMs)
elseif opens > 0 or count >= failures then
  opens = now + math.min(openMs * 2 ^ (redis.call('HINCRBY', breaker, 'opened', 1) - 1), maxMs)
else return end
redis.call('HSET', breaker, 'until', opens, 'held', 0)
redis.call('HDEL', breaker, 'probing')
`;

/** Makes a provider's breaker; all workers that name it alike share it. */
export function createBreaker(redis: Redis, keys: Keys, provider: string, options: BreakerOptions): CircuitBreaker {
  const enter = defineScript(redis, 'aiJobsEnter', ENTER);
  const failed = defineScript(redis, 'aiJobsFailed', FAILED);
  const succeeded = defineScript(redis, 'aiJobsSucceeded', SUCCEEDED);
  const leave = defineScript(redis, 'aiJobsLeave', LEAVE);
  const key = keys.breaker(provider);
  const { failures, openMs, probeMs, paceMs } = options;
  return {
    async enter() {
      const [code, value] = (await enter([key], [probeMs, paceMs, openMs])) as [ProblemCode | '', number];
      return code === '' ? { type: 'in', ticket: value } : { type: 'held', code, ms: value };
    },
    async succeeded() {
      await succeeded([key], []);
    },
    async failed(code, retryAfterMs = 0) {
      await failed([key], [failures, openMs, MAX_OPEN_MS, code, Math.ceil(retryAfterMs), KEPT_MS]);
    },
    async leave(ticket) {
      if (ticket > 0) await leave([key], [ticket]);
    },
  };
}
