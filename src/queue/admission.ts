/** Admission: one step before a job is added decides whether there is a place for it, its place in the fair queue, and when it is to end. */
import type { Redis } from 'ioredis';
import type { Tenant } from '../job/tenant.ts';
import type { Keys } from './keys.ts';
import { defineScript } from './script.ts';

/** How much a queue takes on. */
export type Bounds = {
  /** Jobs that wait, over all tenants. */
  maxDepth: number;
  /** Jobs of one tenant that have not ended. */
  maxJobsPerUser: number;
  /** Tokens of one tenant in a UTC day; without it they are not counted against anyone. */
  dailyTokensPerUser?: number | undefined;
};

/** A job that asks for a place. */
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
  /** Whether the bounds hold for it, as by default. */
  bounded?: boolean | undefined;
};

/** The result of an admission. */
export type AdmissionResult =
  /** It has a place: add it with this priority. */
  | { type: 'admitted'; priority: number }
  /** There is a job under its key already: no new one is made. */
  | { type: 'known'; id: string }
  /**
   * There is no place. The queue has so many jobs too many for one more; or the tenant has so many jobs that have not ended,
   * with the oldest of them; or the tenant's budget of the day is spent.
   */
  | { type: 'full'; excess: number }
  | { type: 'too_many'; open: number; oldest: string }
  | { type: 'spent' };

/** Gives jobs a place in the queue, or says why there is none. */
export type Admission = {
  admit(request: AdmissionRequest): Promise<AdmissionResult>;
  /** The job has been added: it waits, and is counted there. */
  added(jobId: string): Promise<void>;
  /** Takes back the place of a job that was admitted and then not added. */
  withdraw(request: AdmissionRequest): Promise<void>;
};

/** A job that was admitted this long ago, in ms, and still has no record was never added. */
const COMING_MS = 60_000;

/** How much longer than its newest job's retention a user's index is kept, in s: jobs wait, too. */
const KEPT_LONGER_S = 7 * 24 * 3600;

const KEYS = [
  'dedup',
  'wait',
  'delayed',
  'open',
  'index',
  'deadlines',
  'spent',
  'turns',
  'prioritized',
  'active',
  'coming',
  'jobs',
] as const;
const ARGS = [
  'id',
  'now',
  'tenant',
  'weight',
  'maxDepth',
  'maxOpen',
  'maxTokens',
  'cancelAt',
  'keptForS',
  'indexed',
  'keyed',
  'comingMs',
] as const;

const UNBOUNDED: Bounds = { maxDepth: Number.MAX_SAFE_INTEGER, maxJobsPerUser: Number.MAX_SAFE_INTEGER };

/** Makes the admission over a connection. `retentionS`: how long ended jobs are kept, in s. */
export function createAdmission(redis: Redis, keys: Keys, { retentionS, bounds }: { retentionS: number; bounds: Bounds }): Admission {
  const script = defineScript(redis, 'admit', { keys: KEYS, args: ARGS });
  const shared = {
    deadlines: keys.deadlines,
    turns: keys.turns,
    coming: keys.coming,
    jobs: keys.job(''),
    ...keys.allOf(['wait', 'delayed', 'prioritized', 'active']),
  };

  return {
    async admit({ jobId, tenant, owner, weight = 1, cancelAt = 0, key, bounded = true }) {
      const own = { dedup: keys.dedup(key ?? ''), open: keys.open(tenant), index: keys.jobsOf(owner ?? ''), spent: keys.spent(tenant) };
      const { maxDepth, maxJobsPerUser: maxOpen, dailyTokensPerUser: maxTokens = 0 } = bounded ? bounds : UNBOUNDED;
      const [type, value, count] = (await script({
        ...shared,
        ...own,
        id: jobId,
        now: Date.now(),
        tenant,
        weight,
        maxDepth,
        maxOpen,
        maxTokens,
        cancelAt,
        keptForS: retentionS + KEPT_LONGER_S,
        indexed: owner === undefined ? 0 : 1,
        keyed: key === undefined ? 0 : 1,
        comingMs: COMING_MS,
      })) as [AdmissionResult['type'], string | number, number?];
      return toResult(type, value, count);
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

function toResult(type: AdmissionResult['type'], value: string | number, count = 0): AdmissionResult {
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
