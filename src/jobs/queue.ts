/** The API's side of the queue: submit jobs, read, cancel, retry and count them. */
import type { Redis } from 'ioredis';
import type { Snapshot } from '../job/snapshot.ts';
import { OwnError } from '../job/own-error.ts';
import { type Tenant, tenantOf } from '../job/tenant.ts';
import { createAbandoning } from './abandon-job.ts';
import { type AddRequest, type AddResult, createAddJob } from './add-job.ts';
import { type Admission, type Bounds, createAdmission, type Refusal } from './admission.ts';
import { createBatch } from '../store/batch.ts';
import { digestOf } from '../store/digest.ts';
import type { Clock } from '../store/clock.ts';
import type { Allowance } from './rate-limit.ts';
import { type Cancel, createCancel } from './cancel-job.ts';
import { createEraseJobs, type Erased } from './erase-jobs.ts';
import { childIdOf } from './child-id.ts';
import { orUnavailable } from '../store/redis-connection.ts';
import { keysUnder } from '../store/keys.ts';
import { createList, MAX_ENTRIES, type Page, type Range } from './listing.ts';
import { type Plans, termsOf } from './plans.ts';
import { isWrongType } from '../store/mend.ts';
import { createReadJob, type ReadJob } from './read-job.ts';
import { parseJson, type Payload, type Targets } from '../job/record.ts';
import { openQueue } from './open-queue.ts';
import { type Availability, availabilityOf, createWorkerDirectory } from './worker-registry.ts';
import { createRetries, type Retried } from './retry-job.ts';
import { defineScript } from '../store/script.ts';
import { createStats, type QueueStats, type Rate } from './stats.ts';

/** What a job queue is made with. */
export type QueueOptions = {
  keyPrefix: string;
  /** The clock that all processes share. */
  clock: Clock;
  /** How many times a job is tried, the first included. */
  attempts: number;
  /** How often a user may retry one job. */
  maxRetries: number;
  /** How long ended jobs are kept, in s. */
  retentionS: number;
  /** The limiter's rate, for the estimate of waiting times. */
  rate: Rate;
  /** What a user may take on, and what users of a plan may. */
  bounds: Bounds;
  plans?: Plans | undefined;
  /** Whether jobs go to the archive when they have ended. */
  archived?: boolean | undefined;
};

/** A failed job that is to wait again. */
export type RetryRequest = {
  jobId: string;
  tenant: Tenant;
  /** Whether it is its user's: only if there is room for it, and if the job has a retry left. */
  bounded: boolean;
  /** After how long it is to be cancelled, in ms. */
  cancelAfterMs?: number | undefined;
  /** After how long it is to be cancelled if it has not begun, in ms. */
  startWithinMs?: number | undefined;
  /** The kind of the job that it leads to. */
  next?: string | undefined;
  /** Whether somebody is told of its end. */
  tells?: boolean | undefined;
  /** What is reserved for it of its tenant's budgets, as it was when it was submitted. */
  reserved?: string | undefined;
  /** The plan of the user who retries it. */
  plan?: string | undefined;
};

/** The queue as the API sees it. All calls reject with `queue_unavailable` within a second while Redis is away. */
export type JobQueue = {
  /** Adds a job, or finds the one that was added under the same key. */
  add(request: AddRequest): Promise<AddResult>;
  /** Frees a key, if it is still that job's. */
  forget(key: readonly unknown[], jobId: string): Promise<void>;
  /** Lets a failed job wait again, keeping what it has finished. `allowance`: what its tenant has left of its rate. */
  retry(request: RetryRequest): Promise<{ allowance?: Allowance | undefined } & ({ type: Retried } | Refusal)>;
  /** Failed jobs, the longest failed first. */
  failedJobs(range: Range): Promise<Page>;
  read: ReadJob;
  /** Where a job's end is to be told; undefined where that is nowhere, or there is no such job. */
  targetsOf(jobId: string): Promise<Targets | undefined>;
  /** Ends a job that has not ended, wherever it is. */
  cancel: Cancel;
  /** Cancels a job of which its client was told nothing, as soon as Redis answers. */
  abandon(jobId: string): void;
  /** Erases jobs with everything of them, their children, too: cancelled first if they have not ended. */
  erase(jobIds: readonly string[]): Promise<Erased>;
  /** The ids of some of a user's jobs, ended or not; none if there are no more. */
  idsOf(owner: string): Promise<string[]>;
  /** Which of these jobs there are. */
  there(jobIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** A user's jobs, newest first. */
  jobsOf(owner: string, range: Range): Promise<Page>;
  /** A user's jobs that have not ended, the oldest first: as many as one request may read. */
  openJobsOf(owner: string): Promise<Snapshot[]>;
  /** The queue in figures, as they were read at most so long ago. */
  stats(maxAgeMs?: number): Promise<QueueStats>;
  /** Whether a kind can be done, as the workers say; with an input: whether it can be done for that one. */
  availability(kind: string, input?: unknown): Promise<Availability>;
  /** A value all processes agree on: the first to ask decides it. It is read before it is written, so that a store that takes no writes still tells it. */
  shared(name: string, propose: () => string): Promise<string>;
  /** The time of a write to Redis, in ms. */
  ping(): Promise<number>;
  close(): Promise<void>;
};

/** Where a key has another type than a job's record, there is no job. */
function zeroForGarbage(error: unknown): 0 {
  if (isWrongType(error)) return 0;
  throw error;
}

function noneForGarbage(error: unknown): null {
  if (isWrongType(error)) return null;
  throw error;
}

/** How many jobs are erased in one go. */
const ERASED_AT_ONCE = 100;

/** How old what is known of the workers may be, in ms. */
const WORKERS_AGE_MS = 1000;

/** Opens the queue over a connection that fails on an outage, which stays its maker's to close. */
export function createQueue(redis: Redis, options: QueueOptions): JobQueue {
  const { keyPrefix, clock, attempts, maxRetries, retentionS, rate, bounds, plans = {}, archived } = options;
  const keys = keysUnder(keyPrefix);
  const queue = openQueue(redis, { keyPrefix, attempts, retentionS });
  const workers = createWorkerDirectory(redis, keys);
  const cancel = createCancel(redis, keys, retentionS);
  const eraseJobs = createEraseJobs({ redis, keys, clock, queue, cancel });
  const readJob = createReadJob(redis, keys, retentionS);
  const list = createList(redis, keys, retentionS);
  const admission = createAdmission(redis, keys, { clock, retentionS, bounds, archived });
  const ofPlans = new Map(
    Object.entries(plans).map(([name, plan]) => [
      name,
      createAdmission(redis, keys, { clock, retentionS, archived, ...termsOf(plan, bounds) }),
    ]),
  );
  const admissionOf = (plan: string | undefined): Admission => (plan !== undefined && ofPlans.get(plan)) || admission;
  const abandoning = createAbandoning(redis, cancel);
  const addJob = createAddJob(queue, admissionOf, abandoning.abandon);
  const retries = createRetries({ redis, keys, maxRetries, archived });
  const freeKey = defineScript(redis, new URL('scripts/free_key.lua', import.meta.url), { keys: ['dedup'], args: ['id'] });
  // With the admissions of the same moment this is one trip. A value of another type reads as none, and is decided anew.
  const readShared = createBatch(64, (names: string[]) => redis.mget(names.map((name) => keys.shared(name))));
  const sharedOr = defineScript(redis, new URL('scripts/share_value.lua', import.meta.url), { keys: ['shared'], args: ['proposed'] });
  const there = async (jobIds: readonly string[]): Promise<ReadonlySet<string>> => {
    const found = await Promise.all(jobIds.map((id) => redis.hexists(keys.job(id), 'timestamp').catch(zeroForGarbage)));
    return new Set(jobIds.filter((_, n) => found[n] === 1));
  };
  /** Entries without a record are passed over: their jobs are gone, or are just about to be added. */
  const idsOf = async (owner: string): Promise<string[]> => {
    for (const index of [keys.jobsOf(owner), keys.open(tenantOf(owner, undefined))]) {
      for (let from = 0; ; from += ERASED_AT_ONCE) {
        const ids = await redis.zrange(index, String(from), String(from + ERASED_AT_ONCE - 1));
        if (ids.length === 0) break;
        const found = await there(ids);
        if (found.size > 0) return ids.filter((id) => found.has(id));
      }
    }
    return [];
  };
  const stats = createStats(queue, redis, keys, { clock, rate, workers });

  return {
    add: (request) => orUnavailable(redis, () => addJob(request)),
    read: (jobId, after) => orUnavailable(redis, () => readJob(jobId, after)),
    targetsOf: (jobId) =>
      orUnavailable(redis, async () => {
        const data = await redis.hget(keys.job(jobId), 'data').catch(noneForGarbage);
        return (parseJson(data ?? '') as Partial<Payload> | undefined)?.targets;
      }),
    cancel: (jobId, which) => orUnavailable(redis, () => cancel(jobId, which)),
    abandon: abandoning.abandon,
    erase: (jobIds) => orUnavailable(redis, () => eraseJobs(jobIds)),
    there: (jobIds) => orUnavailable(redis, () => there(jobIds)),
    idsOf: (owner) => orUnavailable(redis, () => idsOf(owner)),
    forget: (key, jobId) => orUnavailable(redis, async () => void (await freeKey({ dedup: keys.dedup(digestOf(key)), id: jobId }))),
    retry: ({ jobId, tenant, bounded, cancelAfterMs, startWithinMs, next, tells, reserved, plan }) =>
      orUnavailable(redis, async () => {
        if (bounded && !(await retries.areLeft(jobId))) return { type: 'too_often' };
        const child = next && childIdOf(jobId, next);
        const admitted = await admissionOf(plan).admit({ jobId, child, tenant, bounded, reserved });
        if (admitted.type === 'known') throw new OwnError('a retry has no key to be known by');
        if (admitted.type !== 'admitted') return admitted;
        const how = { priority: admitted.priority, attempts, cancelAfterMs, startWithinMs, tells, counts: bounded };
        const retrying = retries.retry({ jobId, ...how });
        admission.added(jobId);
        return { type: await retrying, allowance: admitted.allowance };
      }),
    failedJobs: (range) =>
      orUnavailable(redis, () =>
        list({ key: keys.of('failed'), order: 'oldest' }, { ...range, filter: { ...range.filter, status: 'failed' } }),
      ),
    jobsOf: (owner, range) => orUnavailable(redis, () => list({ key: keys.jobsOf(owner), order: 'newest', owner, prune: 'gone' }, range)),
    openJobsOf: (owner) =>
      orUnavailable(redis, async () => {
        const open = { key: keys.open(tenantOf(owner, undefined)), order: 'oldest', owner, prune: 'ended' } as const;
        return (await list(open, { limit: MAX_ENTRIES, filter: { status: 'unfinished' } })).jobs;
      }),
    stats: (maxAgeMs) => orUnavailable(redis, () => stats(maxAgeMs)),
    availability: (kind, input) => orUnavailable(redis, async () => availabilityOf(kind, await workers(WORKERS_AGE_MS), input)),
    shared: (name, propose) =>
      orUnavailable(redis, async () => {
        const known = await readShared(name);
        return known || String(await sharedOr({ shared: keys.shared(name), proposed: propose() }));
      }),
    ping: () =>
      orUnavailable(redis, async () => {
        const start = performance.now();
        await redis.set(keys.probe, '1', 'PX', 10_000); // a full or read-only Redis answers PING
        return performance.now() - start;
      }),
    close() {
      abandoning.close();
      return queue.close();
    },
  };
}
