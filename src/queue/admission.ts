/** Admission: one step before a job is added decides whether there is room for it, whose turn it is, and when it is to end. */
import type { Redis } from 'ioredis';
import type { Tenant } from '../job/tenant.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { NEXT_TURN } from './fair-queue.ts';
import { orMend } from './mend.ts';

/** What a queue has room for. */
export type Bounds = {
  /** Jobs that wait, over all tenants. */
  maxDepth: number;
  /** Jobs of one tenant that have not ended. */
  maxJobsPerUser: number;
  /** Tokens of one tenant in a UTC day; without it they are not counted against anyone. */
  dailyTokensPerUser?: number | undefined;
};

/** A job that asks to be let in. */
export type AdmissionRequest = {
  jobId: string;
  tenant: Tenant;
  /** The user it belongs to, in whose list it is to appear. */
  owner?: string | undefined;
  /** How many jobs of this tenant go for one of another's, 1 by default. */
  weight?: number | undefined;
  /** When it is to be cancelled, in ms since the epoch. */
  cancelAt?: number | undefined;
  /** The deduplication key it is submitted under. */
  key?: string | undefined;
  /** Whether it is let in only if there is room, as by default. */
  bounded?: boolean | undefined;
};

/** What comes of it. */
export type AdmissionResult =
  /** Let in, with the priority to add it with. */
  | { type: 'admitted'; priority: number }
  /** There is a job under its key: nothing new comes in. */
  | { type: 'known'; id: string }
  /** No room: by how many jobs the queue is too long for one more; the tenant's jobs that have not ended, and the oldest; the budget. */
  | { type: 'full'; excess: number }
  | { type: 'too_many'; open: number; oldest: string }
  | { type: 'spent' };

/** See the file's sentence. */
export type Admission = {
  admit(application: AdmissionRequest): Promise<AdmissionResult>;
  /** The job has been added: it waits, and is counted there. */
  added(jobId: string): Promise<void>;
  /** Takes a job back that was let in and then not added. */
  withdraw(application: AdmissionRequest): Promise<void>;
};

/**
 * A tenant's open jobs are counted by looking which of them have ended, only once the bound is reached: there
 * is no count that a crash could leave wrong. One let in this long ago, in ms, and still without a record never came.
 */
const COMING_MS = 60_000;

/** How much longer than its newest job's retention a user's index is kept, in s: jobs wait, too. */
const KEPT_LONGER_S = 7 * 24 * 3600;

const APPLY = `
local dedup, wait, delayed, open, index, deadlines, spent = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local turns, prioritized, active, coming, jobs = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local id, now, tenant, weight = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local maxDepth, maxOpen, maxTokens = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local cancelAt, keptFor, indexed = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10] == '1'
${NEXT_TURN}
${orMend(
  { open: 'zset', index: 'zset', deadlines: 'zset', spent: 'string', turns: 'zset', coming: 'zset' },
  `
local known = ARGV[11] == '1' and redis.call('GET', dedup)
if known then return { 'known', known } end

redis.call('ZREMRANGEBYSCORE', coming, '-inf', now - ${COMING_MS})
local depth = redis.call('LLEN', wait) + redis.call('ZCARD', prioritized) + redis.call('ZCARD', delayed) + redis.call('ZCARD', coming)
if depth >= maxDepth then return { 'full', depth - maxDepth + 1 } end
if maxTokens > 0 and (tonumber(redis.call('GET', spent) or 0) or 0) >= maxTokens then return { 'spent', '' } end

if redis.call('ZCARD', open) >= maxOpen then
  local entries = redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
  for i = 1, #entries, 2 do
    local known = redis.pcall('HMGET', jobs .. entries[i], 'name', 'finishedOn')
    local gone = not known[1] and now - tonumber(entries[i + 1]) > ${COMING_MS}
    local ended = known[2] and not redis.call('ZSCORE', coming, entries[i]) -- else it is about to be retried
    if gone or ended then redis.call('ZREM', open, entries[i]) end
  end
  if redis.call('ZCARD', open) >= maxOpen then return { 'too_many', redis.call('ZRANGE', open, 0, 0)[1], redis.call('ZCARD', open) } end
end

redis.call('ZADD', open, now, id)
redis.call('EXPIRE', open, keptFor)
if indexed then
  redis.call('ZADD', index, now, id)
  redis.call('EXPIRE', index, keptFor)
end
if cancelAt > 0 then redis.call('ZADD', deadlines, cancelAt, id) end
local turn = nextTurn(tenant, weight)
redis.call('ZADD', coming, now, id)
return { 'admitted', turn }
`,
)}
`;

const UNBOUNDED: Bounds = { maxDepth: Number.MAX_SAFE_INTEGER, maxJobsPerUser: Number.MAX_SAFE_INTEGER };

/** Makes the admission over a connection. `retentionS`: how long ended jobs are kept, in s. */
export function createAdmission(redis: Redis, keys: Keys, { retentionS, bounds }: { retentionS: number; bounds: Bounds }): Admission {
  const script = defineScript(redis, 'aiJobsAdmit', APPLY);

  return {
    async admit({ jobId, tenant, owner, weight = 1, cancelAt = 0, key, bounded = true }) {
      const touched = [
        keys.dedup(key ?? ''),
        keys.of('wait'),
        keys.of('delayed'),
        keys.open(tenant),
        keys.jobsOf(owner ?? ''),
        keys.deadlines,
        keys.spent(tenant),
        keys.turns,
        keys.of('prioritized'),
        keys.of('active'),
        keys.coming,
        keys.job(''),
      ];
      const { maxDepth, maxJobsPerUser, dailyTokensPerUser = 0 } = bounded ? bounds : UNBOUNDED;
      const keptFor = retentionS + KEPT_LONGER_S;
      const [verdict, value, count] = (await script(touched, [
        jobId,
        Date.now(),
        tenant,
        weight,
        maxDepth,
        maxJobsPerUser,
        dailyTokensPerUser,
        cancelAt,
        keptFor,
        owner === undefined ? 0 : 1,
        key === undefined ? 0 : 1,
      ])) as [AdmissionResult['type'], string | number, number?];
      return toVerdict(verdict, value, count);
    },

    async added(jobId) {
      await redis.zrem(keys.coming, jobId);
    },

    async withdraw({ jobId, tenant, owner, weight = 1 }) {
      const places = [keys.open(tenant), keys.deadlines, ...(owner === undefined ? [] : [keys.jobsOf(owner)])];
      await Promise.all([...places.map((place) => redis.zrem(place, jobId)), redis.zincrby(keys.turns, -1 / weight, tenant)]);
    },
  };
}

function toVerdict(type: AdmissionResult['type'], value: string | number, count = 0): AdmissionResult {
  switch (type) {
    case 'admitted':
      return { type, priority: Number(value) };
    case 'full':
      return { type, excess: Number(value) };
    case 'too_many':
      return { type, oldest: String(value), open: count };
    case 'known':
      return { type, id: String(value) };
    case 'spent':
      return { type };
  }
}
