/** Admission: one step before jobs are added decides whether there is a place for each, its place in the fair queue, and when it is to end. */
import { OwnError } from '../job/own-error.ts';
import type { Tenant } from '../job/tenant.ts';
import { type AdmitReply, createAdmitScript, isBudgeted } from './admit-script.ts';
import { createBatch, createCollector } from '../store/batch.ts';
import { type Allowance, allowanceOf, type RatePolicy } from './rate-limit.ts';
import type { Store } from '../store/store.ts';

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
  notifies?: boolean | undefined;
  /** The id of the job that has led to it, whose deadline is its own, too. */
  parent?: string | undefined;
  /** The id of the job that it leads to, for which a place is kept, too. */
  child?: string | undefined;
  /** The deduplication key it is submitted under. */
  key?: string | undefined;
  /** Whether the bounds hold for it, as by default. */
  bounded?: boolean | undefined;
  /** What to reserve of its tenant's budgets for it and for its child (reservation.ts); nothing without it. */
  reserved?: string | undefined;
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
 * so many jobs that have not ended, with the oldest of them; or one of the tenant's budgets of the day is spent, or what is left of it is
 * reserved for jobs that have not ended, with the oldest of them.
 */
export type Refusal =
  | { type: 'limited'; allowance: Allowance }
  | { type: 'full'; excess: number }
  | { type: 'too_many'; open: number; oldest: string }
  | { type: 'spent'; what: 'tokens' | 'usd'; oldest?: string | undefined };

/** Gives jobs a place in the queue, or says why there is none. */
export type Admission = {
  /** Whether a tenant has a budget here, so that something is reserved for its jobs. */
  budgeted: boolean;
  /** Requests of one turn of the event loop share one call of the script. */
  admit(request: AdmissionRequest): Promise<AdmissionResult>;
  /** The job has been added, or is being added by a command that was sent: it waits, and is counted there. */
  added(jobId: string): void;
  /** Takes back the place of a job that was admitted and then not added. */
  withdraw(request: AdmissionRequest): Promise<void>;
};

/** How many jobs one call of the script serves at most: Redis serves others in between. */
const BATCH = 64;

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
export function createAdmission(store: Store, options: AdmissionOptions): Admission {
  const { bounds, weight: usual = 1 } = options;
  const script = createAdmitScript(store, options);
  const withdraw = store.script(new URL('scripts/withdraw.lua', import.meta.url), {
    keys: ['open', 'index', 'deadlines', 'turns', 'rate', 'children', 'reserved'],
    args: ['id', 'child', 'tenant', 'weight'],
  });
  const { submitRate } = bounds;
  const rateOf = (tenant: Tenant): string => store.keys.rate(submitRate?.name ?? '', tenant);

  const admitAll = async (requests: AdmissionRequest[]): Promise<(AdmissionResult | Error)[]> => {
    const replies = await script(requests);
    return replies.map((reply, index) => {
      if (reply instanceof Error) return reply;
      const [, , , used, resetMs] = reply;
      const counts = submitRate && requests[index]?.bounded !== false;
      return toResult(reply, counts ? allowanceOf(submitRate, used, resetMs) : undefined);
    });
  };

  return {
    budgeted: isBudgeted(bounds),
    admit: createBatch(BATCH, admitAll),
    added: createCollector((jobIds) => {
      store.redis.zrem(store.keys.coming, ...jobIds).catch(() => {}); // they count twice until COMING_MS are over
    }),
    async withdraw({ jobId, child = '', tenant, owner, weight = usual }) {
      const { deadlines, turns, children } = store.keys;
      const places = {
        open: store.keys.open(tenant),
        index: store.keys.jobsOf(owner ?? ''),
        deadlines,
        turns,
        children,
        reserved: store.keys.reserved(tenant, store.clock.now()),
      };
      await withdraw({ ...places, rate: rateOf(tenant), id: jobId, child, tenant, weight });
    },
  };
}

function toResult([type, value, count, , , at]: AdmitReply, allowance: Allowance | undefined): AdmissionResult {
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
      return { type, oldest: String(value), open: Number(count), allowance };
    case 'spent':
      return { type, what: value as 'tokens' | 'usd', oldest: typeof count === 'string' ? count : undefined, allowance };
  }
}
