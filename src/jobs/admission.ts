/**
 * Admission: one step decides for each job whether there is a place, its place in
 * the fair queue and when it is to end, and adds it to BullMQ's queue.
 */
import type { DefaultJobOptions } from 'bullmq';
import { OwnError } from '../job/own-error.ts';
import type { Tenant } from '../job/tenant.ts';
import { createBatch } from '../store/batch.ts';
import { type Allowance, allowanceOf, type RatePolicy } from './rate-limit.ts';
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { whyOf } from './user-terms.ts';

/** How much a queue takes on. */
export type Bounds = {
  /** Jobs that wait, over all tenants. */
  maxDepth: number;
  /** Jobs of one tenant that have not ended. */
  maxJobsPerUser: number;
  /** Tokens of one tenant in a UTC day; without it they are not counted against anyone. */
  dailyTokensPerUser?: number | undefined;
  /**
   * What the calls of one tenant may cost in a UTC day, in US
   * dollars; without it this is not counted against anyone.
   */
  dailyUsdPerUser?: number | undefined;
  /** How many jobs of one tenant in a window of time; without it there is no such limit. */
  submitRate?: RatePolicy | undefined;
};

/** A job that asks for a place. */
export type AdmissionRequest = {
  jobId: string;
  /** Where it is to wait. */
  lane: Lane;
  tenant: Tenant;
  /** The user it belongs to, in whose list it is to appear. */
  owner?: string | undefined;
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
  /** The deduplication key it is submitted under, and how long that is kept, in ms. */
  key?: string | undefined;
  keyMs?: number | undefined;
  /** What it is added with, in the same step; without it the caller adds the job. */
  record?: { name: string; payload: string } | undefined;
  /** Whether the bounds hold for it, as by default. */
  bounded?: boolean | undefined;
  /**
   * What to reserve of its tenant's budgets for it and for its
   * child (reservation.ts); nothing without it.
   */
  reserved?: string | undefined;
};

/**
 * The result of an admission. `allowance`: what the tenant has
 * left of its rate, where the bounds hold for the job.
 */
export type AdmissionResult = { allowance?: Allowance | undefined } & (
  | {
      type: 'admitted';
      /** Its priority, with which it is to be added if it is not yet. */
      priority: number;
      /** When it was admitted, in ms since the epoch by Redis' clock: its place in its user's index. */
      at: number;
    }
  /** There is a job under its key already: no new one is made, and nothing is taken of the rate. */
  | { type: 'known'; id: string }
  | Refusal
);

/**
 * Why there is no place.
 * - `limited`: the tenant has used up its rate.
 * - `blocked`: an operator has blocked the tenant; `reason`: why.
 * - `full`: the queue is full; `excess`: how many jobs must leave it before one more fits.
 * - `too_many`: the tenant has `open` jobs that have not ended; `oldest`: the first of them.
 * - `spent`: one of the tenant's budgets of the day is spent. With `oldest` it is only reserved,
 *   for jobs that have not ended, of which this is the first.
 */
export type Refusal =
  | { type: 'limited'; allowance: Allowance }
  | { type: 'blocked'; reason?: string | undefined }
  | { type: 'full'; excess: number }
  | { type: 'too_many'; open: number; oldest: string }
  | { type: 'spent'; what: 'tokens' | 'usd'; oldest?: string | undefined };

/** How many jobs one call of the script serves at most: Redis serves others in between. */
const BATCH = 64;

/** What admission is made with. */
export type AdmissionOptions = {
  /** How long ended jobs are kept, in s. */
  retentionS: number;
  bounds: Bounds;
  /** How many jobs of one of its tenants go for one of another's, 1 by default. */
  weight?: number | undefined;
  /** The lanes in which jobs can wait, beside the queue that all kinds share. */
  lanes: readonly string[];
  /** BullMQ's options for the jobs that it adds. */
  jobOptions?: DefaultJobOptions | undefined;
  /** Whether jobs go to the archive when they have ended. A child goes where its parent does. */
  archived?: boolean | undefined;
};

/** A job that was admitted this long ago, in ms, and still has no record was never added. */
const COMING_MS = 60_000;

/** How much longer than its newest job's retention a user's index is kept, in s: jobs wait, too. */
const INDEX_KEPT_LONGER_S = 7 * 24 * 3600;

/**
 * How soon to look whether a job of an outbox has ended, in
 * ms. An end that is noticed is handed on at once.
 */
export const OUTBOX_LOOK_MS = 3000;

const SIGNATURE = {
  keys: ['spentPrefix', 'spentUsdPrefix', 'reservedPrefix'],
  args: [],
  eachKeys: [],
  eachArgs: [
    'id',
    'name',
    'data',
    'lane',
    'tenant',
    'owner',
    'key',
    'keyMs',
    'parent',
    'child',
    'cancelAfterMs',
    'startWithinMs',
    'bounded',
    'notifies',
    'estimate',
  ],
} as const;

/** What the script returns for a job. */
export type AdmitReply = [
  type: AdmissionResult['type'],
  value: string | number,
  count: number | string,
  used: number,
  resetMs: number,
  at: number,
];

/** Gives jobs a place in the queue, or says why there is none. */
export class Admission {
  /** Whether a tenant has a budget here, so that something is reserved for its jobs. */
  readonly budgeted: boolean;
  /** Gives a job a place. Requests of one turn of the event loop share one call of the script. */
  readonly admit: (request: AdmissionRequest) => Promise<AdmissionResult>;
  readonly #store;
  readonly #options;
  readonly #withdraw;

  constructor(store: Store, options: AdmissionOptions) {
    const { dailyTokensPerUser, dailyUsdPerUser } = options.bounds;
    this.#store = store;
    this.#options = options;
    this.budgeted = dailyTokensPerUser !== undefined || dailyUsdPerUser !== undefined;
    const constants = constantsOf(store, options);
    const script = store.batchScript(new URL('scripts/admit.lua', import.meta.url), { ...SIGNATURE, constants });
    this.admit = createBatch(BATCH, async (requests: AdmissionRequest[]) => {
      const entries = requests.map((request) => this.#entryOf(request));
      const replies = (await script(keysOfToday(store), entries)) as (AdmitReply | Error)[];
      return replies.map((reply, n) => (reply instanceof Error ? reply : this.#resultOf(reply, requests[n]?.bounded !== false)));
    });
    this.#withdraw = store.script(new URL('scripts/withdraw.lua', import.meta.url), {
      keys: ['open', 'index', 'coming', 'deadlines', 'turns', 'rate', 'children', 'reserved'],
      args: ['id', 'child', 'tenant', 'weight'],
    });
  }

  /** Takes back the place of a job that was admitted and then not added. */
  async withdraw(request: AdmissionRequest): Promise<void> {
    const { keys, clock } = this.#store;
    const { deadlines, coming, children } = keys;
    const { jobId: id, lane, child = '', tenant, owner = '' } = request;
    const { bounds, weight = 1 } = this.#options;
    const own = {
      open: keys.open(tenant),
      index: keys.jobsOf(owner),
      rate: keys.rate(bounds.submitRate?.name ?? '', tenant),
      reserved: keys.reserved(tenant, clock.now()),
    };
    await this.#withdraw({ deadlines, turns: keys.turns(lane), coming, children, ...own, id, child, tenant, weight });
  }

  #entryOf(request: AdmissionRequest) {
    const { jobId, lane = '', record, parent = '', child = '', tenant, owner = '', key = '', keyMs = 0 } = request;
    const { cancelAfterMs = 0, startWithinMs = 0, bounded = true, notifies = false, reserved = '' } = request;
    return {
      id: jobId,
      name: record?.name ?? '',
      data: record?.payload ?? '',
      lane,
      tenant,
      owner,
      key,
      keyMs,
      parent,
      child,
      cancelAfterMs,
      startWithinMs,
      bounded: bounded ? 1 : 0,
      notifies: notifies ? 1 : 0,
      estimate: this.budgeted ? reserved : '',
    };
  }

  #resultOf([type, value, count, used, resetMs, at]: AdmitReply, bounded: boolean): AdmissionResult {
    const { submitRate } = this.#options.bounds;
    const allowance = submitRate && bounded ? allowanceOf(submitRate, used, resetMs) : undefined;
    switch (type) {
      case 'admitted':
        return { type, priority: Number(value), at, allowance };
      case 'known':
        return { type, id: String(value), allowance };
      case 'limited':
        if (!allowance) throw new OwnError('only where there is a rate can it be used up');
        return { type, allowance };
      case 'blocked':
        return { type, reason: whyOf(String(value)).reason, allowance };
      case 'full':
        return { type, excess: Number(value), allowance };
      case 'too_many':
        return { type, oldest: String(value), open: Number(count), allowance };
      case 'spent':
        return { type, what: value as 'tokens' | 'usd', oldest: typeof count === 'string' ? count : undefined, allowance };
    }
  }
}

/** What is the same for all jobs, in the order of the script's head. */
function constantsOf({ keys }: Store, { retentionS, bounds, archived = false, weight = 1, lanes, jobOptions = {} }: AdmissionOptions) {
  const { submitRate } = bounds;
  return {
    deadlines: keys.deadlines,
    turns: keys.turns(),
    lanes: lanes.map((lane) => `${lane} `).join(''),
    users: keys.admin.users,
    coming: keys.coming,
    children: keys.children,
    outbox: keys.archive.outbox,
    notifyOutbox: keys.notifications.outbox,
    events: keys.of('events'),
    meta: keys.of('meta'),
    counter: keys.of('id'),
    jobs: keys.job(''),
    dedupPrefix: keys.dedup(''),
    openPrefix: keys.open(''),
    indexPrefix: keys.jobsOf(''),
    ratePrefix: keys.rate(submitRate?.name ?? '', ''),
    maxDepth: bounds.maxDepth,
    maxOpen: bounds.maxJobsPerUser,
    maxTokens: bounds.dailyTokensPerUser ?? 0,
    maxBillionths: 1e9 * (bounds.dailyUsdPerUser ?? 0),
    maxRate: submitRate?.max ?? 0,
    rateMs: (submitRate?.windowS ?? 0) * 1000,
    keptForS: retentionS + INDEX_KEPT_LONGER_S,
    comingMs: COMING_MS,
    archived: archived ? 1 : 0,
    lookMs: OUTBOX_LOOK_MS,
    weight,
    options: JSON.stringify(jobOptions).slice(0, -1),
  };
}

/** What the keys of all tenants that are of this day begin with. */
function keysOfToday({ keys, clock }: Store) {
  const now = clock.now();
  return { spentPrefix: keys.spent('', now), spentUsdPrefix: keys.spentUsd('', now), reservedPrefix: keys.reserved('', now) };
}
