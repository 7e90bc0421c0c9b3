/** Admission: one step before jobs are added decides whether there is a place for each, its place in the fair queue, and when it is to end. */
import type { Redis } from 'ioredis';
import { OwnError } from '../job/own-error.ts';
import type { Tenant } from '../job/tenant.ts';
import { createBatch, createCollector } from './batch.ts';
import type { Keys } from './keys.ts';
import { type Allowance, allowanceOf, type RatePolicy } from './rate-limit.ts';
import { defineBatchScript, defineScript } from './script.ts';

/** How much a queue takes on. */
export type Bounds = {
  /** Jobs that wait, over all tenants. */
  maxDepth: number;
  /** Jobs of one tenant that have not ended. */
  maxJobsPerUser: number;
  /** Tokens of one tenant in a UTC day; without it they are not counted against anyone. */
  dailyTokensPerUser?: number | undefined;
  /** What the calls of one tenant may cost in a UTC day, in US dollars; without it this is not counted against anyone. */
  dailyUsdPerUser?: number | undefined;
  /** How many jobs of one tenant in a window of time; without it there is no such limit. */
  submitRate?: RatePolicy | undefined;
};

/** A job that asks for a place. */
export type AdmissionRequest = {
  jobId: string;
  tenant: Tenant;
  /** The user it belongs to, in whose list it is to appear. */
  owner?: string | undefined;
  /** How many jobs of this tenant go for one of another's, 1 by default. */
  weight?: number | undefined;
  /** After how long it is to be cancelled, in ms from its admission. */
  cancelAfterMs?: number | undefined;
  /** After how long it is to be cancelled if it has not begun, in ms from its admission. */
  startWithinMs?: number | undefined;
  /** Whether somebody is told of its end. */
  tells?: boolean | undefined;
  /** The id of the job that has led to it, whose deadline is its own, too. */
  parent?: string | undefined;
  /** The id of the job that it leads to, for which a place is kept, too. */
  child?: string | undefined;
  /** The deduplication key it is submitted under. */
  key?: string | undefined;
  /** Whether the bounds hold for it, as by default. */
  bounded?: boolean | undefined;
};

/** The result of an admission. `allowance`: what the tenant has left of its rate, where the bounds hold for the job. */
export type AdmissionResult = { allowance?: Allowance | undefined } & (
  | {
      type: 'admitted';
      /** Add it with this priority. */ priority: number;
      /** When it was admitted, in ms since the epoch by Redis' clock: its place in its user's index. */ at: number;
    }
  /** There is a job under its key already: no new one is made, and nothing is taken of the rate. */
  | { type: 'known'; id: string }
  | Refusal
);

/**
 * Why there is no place. The tenant has used up its rate; or the queue has so many jobs too many for one more; or the tenant has
 * so many jobs that have not ended, with the oldest of them; or one of the tenant's budgets of the day is spent.
 */
export type Refusal =
  | { type: 'limited'; allowance: Allowance }
  | { type: 'full'; excess: number }
  | { type: 'too_many'; open: number; oldest: string }
  | { type: 'spent'; what: 'tokens' | 'usd' };

/** Gives jobs a place in the queue, or says why there is none. */
export type Admission = {
  /** Requests of one turn of the event loop share one call of the script. */
  admit(request: AdmissionRequest): Promise<AdmissionResult>;
  /** The job has been added, or is being added by a command that was sent: it waits, and is counted there. */
  added(jobId: string): void;
  /** Takes back the place of a job that was admitted and then not added. */
  withdraw(request: AdmissionRequest): Promise<void>;
};

/** A job that was admitted this long ago, in ms, and still has no record was never added. */
const COMING_MS = 60_000;

/** How much longer than its newest job's retention a user's index is kept, in s: jobs wait, too. */
const KEPT_LONGER_S = 7 * 24 * 3600;

/** How soon to look whether a job of an outbox has ended, in ms. An end that is noticed is handed on at once. */
export const LOOK_MS = 3000;

/** How many jobs one call of the script serves at most: Redis serves others in between. */
const BATCH = 64;

const QUEUE_KEYS = ['wait', 'delayed', 'prioritized', 'active'] as const;
const SIGNATURE = {
  keys: ['wait', 'delayed', 'deadlines', 'turns', 'prioritized', 'active', 'coming', 'children', 'outbox', 'notifyOutbox', 'jobs'],
  args: ['maxDepth', 'maxOpen', 'maxTokens', 'maxBillionths', 'maxRate', 'rateMs', 'keptForS', 'comingMs', 'archived', 'lookMs'],
  eachKeys: ['dedup', 'open', 'index', 'spent', 'spentUsd', 'rate'],
  eachArgs: ['id', 'parent', 'child', 'tenant', 'weight', 'cancelAfterMs', 'startWithinMs', 'indexed', 'keyed', 'bounded', 'tells'],
} as const;

type Reply = [type: AdmissionResult['type'], value: string | number, count: number, used: number, resetMs: number, at: number];

/** What admission is made with. */
export type AdmissionOptions = {
  /** How long ended jobs are kept, in s. */
  retentionS: number;
  bounds: Bounds;
  /** The weight of requests that say none, 1 by default. */
  weight?: number | undefined;
  /** Whether jobs go to the archive when they have ended. A child goes where its parent does. */
  archived?: boolean | undefined;
};

/** Makes the admission over a connection. */
export function createAdmission(redis: Redis, keys: Keys, options: AdmissionOptions): Admission {
  const { retentionS, bounds, weight: usual = 1, archived = false } = options;
  const script = defineBatchScript(redis, 'admit', SIGNATURE);
  const withdraw = defineScript(redis, 'withdraw', {
    keys: ['open', 'index', 'deadlines', 'turns', 'rate', 'children'],
    args: ['id', 'child', 'tenant', 'weight'],
  });
  const { submitRate } = bounds;
  const shared = {
    deadlines: keys.deadlines,
    turns: keys.turns,
    coming: keys.coming,
    children: keys.children,
    outbox: keys.archive.outbox,
    notifyOutbox: keys.notifications.outbox,
    jobs: keys.job(''),
    ...keys.allOf(QUEUE_KEYS),
    maxDepth: bounds.maxDepth,
    maxOpen: bounds.maxJobsPerUser,
    maxTokens: bounds.dailyTokensPerUser ?? 0,
    maxBillionths: 1e9 * (bounds.dailyUsdPerUser ?? 0),
    maxRate: submitRate?.max ?? 0,
    rateMs: (submitRate?.windowS ?? 0) * 1000,
    keptForS: retentionS + KEPT_LONGER_S,
    comingMs: COMING_MS,
    archived: archived ? 1 : 0,
    lookMs: LOOK_MS,
  };
  const rateOf = (tenant: Tenant): string => keys.rate(submitRate?.name ?? '', tenant);

  const toEntry = ({
    jobId,
    parent = '',
    child = '',
    tenant,
    owner,
    weight = usual,
    cancelAfterMs = 0,
    startWithinMs = 0,
    key,
    bounded = true,
    tells = false,
  }: AdmissionRequest) => ({
    dedup: keys.dedup(key ?? ''),
    open: keys.open(tenant),
    index: keys.jobsOf(owner ?? ''),
    spent: keys.spent(tenant),
    spentUsd: keys.spentUsd(tenant),
    rate: rateOf(tenant),
    id: jobId,
    parent,
    child,
    tenant,
    weight,
    cancelAfterMs,
    startWithinMs,
    indexed: owner === undefined ? 0 : 1,
    keyed: key === undefined ? 0 : 1,
    bounded: bounded ? 1 : 0,
    tells: tells ? 1 : 0,
  });

  const admitAll = async (requests: AdmissionRequest[]): Promise<(AdmissionResult | Error)[]> => {
    const replies = (await script(shared, requests.map(toEntry))) as (Reply | Error)[];
    return replies.map((reply, index) => {
      if (reply instanceof Error) return reply;
      const [, , , used, resetMs] = reply;
      const counts = submitRate && requests[index]?.bounded !== false;
      return toResult(reply, counts ? allowanceOf(submitRate, used, resetMs) : undefined);
    });
  };

  return {
    admit: createBatch(BATCH, admitAll),
    added: createCollector((jobIds) => {
      redis.zrem(keys.coming, ...jobIds).catch(() => {}); // they count twice until COMING_MS are over
    }),
    async withdraw({ jobId, child = '', tenant, owner, weight = usual }) {
      const { deadlines, turns, children } = keys;
      const places = { open: keys.open(tenant), index: keys.jobsOf(owner ?? ''), deadlines, turns, children };
      await withdraw({ ...places, rate: rateOf(tenant), id: jobId, child, tenant, weight });
    },
  };
}

function toResult([type, value, count, , , at]: Reply, allowance: Allowance | undefined): AdmissionResult {
  switch (type) {
    case 'admitted':
      return { type, priority: Number(value), at, allowance };
    case 'known':
      return { type, id: String(value), allowance };
    case 'limited':
      if (!allowance) throw new OwnError('only where there is a rate can it be used up');
      return { type, allowance };
    case 'full':
      return { type, excess: Number(value), allowance };
    case 'too_many':
      return { type, oldest: String(value), open: count, allowance };
    case 'spent':
      return { type, what: value as 'tokens' | 'usd', allowance };
  }
}
