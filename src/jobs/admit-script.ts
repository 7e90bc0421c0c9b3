/** The call of the script that admits jobs: what is the same for all jobs, and what each is asked with. */
import type { AdmissionOptions, AdmissionRequest, AdmissionResult } from './admission.ts';
import type { Store } from '../store/store.ts';

/** A job that was admitted this long ago, in ms, and still has no record was never added. */
const COMING_MS = 60_000;

/** How much longer than its newest job's retention a user's index is kept, in s: jobs wait, too. */
const INDEX_KEPT_LONGER_S = 7 * 24 * 3600;

/** How soon to look whether a job of an outbox has ended, in ms. An end that is noticed is handed on at once. */
export const OUTBOX_LOOK_MS = 3000;

const QUEUE_KEYS = ['wait', 'delayed', 'prioritized', 'active'] as const;
const SIGNATURE = {
  keys: ['wait', 'delayed', 'deadlines', 'turns', 'prioritized', 'active', 'coming', 'children', 'outbox', 'notifyOutbox', 'jobs'],
  args: ['maxDepth', 'maxOpen', 'maxTokens', 'maxBillionths', 'maxRate', 'rateMs', 'keptForS', 'comingMs', 'archived', 'lookMs'],
  eachKeys: ['dedup', 'open', 'index', 'spent', 'spentUsd', 'rate', 'reserved'],
  eachArgs: [
    'id',
    'parent',
    'child',
    'tenant',
    'weight',
    'cancelAfterMs',
    'startWithinMs',
    'indexed',
    'keyed',
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

/** Makes the call. */
export function createAdmitScript(
  store: Store,
  { retentionS, bounds, weight: usual = 1, archived = false }: AdmissionOptions,
): (requests: readonly AdmissionRequest[]) => Promise<(AdmitReply | Error)[]> {
  const script = store.batchScript(new URL('scripts/admit.lua', import.meta.url), SIGNATURE);
  const { submitRate } = bounds;
  const shared = {
    deadlines: store.keys.deadlines,
    turns: store.keys.turns,
    coming: store.keys.coming,
    children: store.keys.children,
    outbox: store.keys.archive.outbox,
    notifyOutbox: store.keys.notifications.outbox,
    jobs: store.keys.job(''),
    ...store.keys.allOf(QUEUE_KEYS),
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
  };
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
    notifies = false,
    reserved = '',
  }: AdmissionRequest) => ({
    dedup: store.keys.dedup(key ?? ''),
    open: store.keys.open(tenant),
    index: store.keys.jobsOf(owner ?? ''),
    spent: store.keys.spent(tenant, store.clock.now()),
    spentUsd: store.keys.spentUsd(tenant, store.clock.now()),
    rate: store.keys.rate(submitRate?.name ?? '', tenant),
    reserved: store.keys.reserved(tenant, store.clock.now()),
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
    notifies: notifies ? 1 : 0,
    estimate: isBudgeted(bounds) ? reserved : '',
  });

  return async (requests) => (await script(shared, requests.map(toEntry))) as (AdmitReply | Error)[];
}

/** Whether a tenant has a budget, so that something is reserved for its jobs. */
export function isBudgeted({ dailyTokensPerUser, dailyUsdPerUser }: AdmissionOptions['bounds']): boolean {
  return dailyTokensPerUser !== undefined || dailyUsdPerUser !== undefined;
}
