/** The API's side of the queue: submit jobs, read, cancel, retry and count them. */
import { OwnError } from '../job/own-error.ts';
import { parseJson } from '../job/parse-json.ts';
import type { Payload } from '../job/record.ts';
import type { Snapshot } from '../job/snapshot.ts';
import { type Tenant, tenantOf } from '../job/tenant.ts';
import { createBatch } from '../store/batch.ts';
import { digestOf } from '../store/digest.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import type { Store } from '../store/store.ts';
import { Abandoning } from './abandon-job.ts';
import { createAddAdmitted } from './add-admitted.ts';
import { type AddRequest, type AddResult, JobAdder } from './add-job.ts';
import { Admission, type Bounds, type Refusal } from './admission.ts';
import { type CancelOutcome, createCancel, type WhichToCancel } from './cancel-job.ts';
import { childIdOf } from './child-id.ts';
import { type ErasedJobs, JobEraser } from './erase-jobs.ts';
import { createList, type JobIndex, MAX_ENTRIES, type JobPage, type JobRange } from './listing.ts';
import { inspectJob, type JobInspection } from './job-inspection.ts';
import { JobSearch, type JobSearchFilter, type SearchPage, type SearchRange } from './job-search.ts';
import type { Lanes } from './lanes.ts';
import { jobOptionsOf, openQueue } from './open-queue.ts';
import { type OldestJobs, readOldestJobs } from './oldest-jobs.ts';
import { type OperatorPause, untilHeld } from './operator-pauses.ts';
import { PauseBoard } from './pause-board.ts';
import { type Plans, termsOf } from './plans.ts';
import type { Allowance } from './rate-limit.ts';
import { createReadJob, type JobView } from './read-job.ts';
import { createRetries, type RetryOutcome } from './retry-job.ts';
import { createStats, type QueueStats, type Rate } from './stats.ts';
import { kindOf } from './to-snapshot.ts';
import { type Availability, availabilityOf, createWorkerDirectory, type SeenWorker } from './worker-registry.ts';

/** What a job queue is opened with. */
export type JobQueueOptions = {
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
  /** Where jobs wait. */
  lanes: Lanes;
  /** Whether jobs go to the archive when they have ended. */
  archived?: boolean | undefined;
  /** Called for each job that this cancels. */
  onCancelled?: ((jobId: string) => void) | undefined;
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
  notifies?: boolean | undefined;
  /** What is reserved for it of its tenant's budgets, as it was when it was submitted. */
  reserved?: string | undefined;
  /** The plan of the user who retries it. */
  plan?: string | undefined;
  /** The bulk action that retries it, and when it failed, in ms since the epoch. */
  bulk?: { id: string; failedAt: number } | undefined;
};

/** How many jobs are erased in one go. */
const ERASED_AT_ONCE = 100;

/** How old what is known of the workers may be, in ms. */
const WORKERS_AGE_MS = 1000;

/**
 * The queue as the API sees it. All calls reject with
 * `queue_unavailable` within a second while Redis is away.
 */
export class JobQueue {
  readonly #store;
  readonly #options;
  readonly #bullmq;
  readonly #admission;
  readonly #admissionsOfPlans;
  readonly #abandoning;
  readonly #retries;
  readonly #cancelJob;
  readonly #eraser;
  readonly #readJob;
  readonly #list;
  readonly #search;
  readonly #adder;
  readonly #workers;
  readonly #pauses;
  readonly #readStats;
  readonly #freeKey;
  readonly #readShared;
  readonly #shareValue;

  /** Opens the queue over a connection that fails on an outage, which stays its maker's to close. */
  constructor(store: Store, options: JobQueueOptions) {
    const { maxRetries, retentionS, rate, bounds, plans = {}, lanes, archived } = options;
    this.#store = store;
    this.#options = options;
    this.#bullmq = openQueue(store, options);
    this.#workers = createWorkerDirectory(store);
    this.#pauses = new PauseBoard(store, this.#workers);
    const pauses = () => this.#pauses.read();
    this.#readStats = createStats(this.#bullmq, store, { rate, lanes: lanes.names, workers: this.#workers, pauses });
    this.#readJob = createReadJob(store, retentionS);
    this.#list = createList(store, retentionS);
    this.#search = new JobSearch(store, this.#list, lanes.names);
    this.#cancelJob = createCancel(store, retentionS, options.onCancelled);
    this.#eraser = new JobEraser(store, this.#bullmq, this.#cancelJob);
    this.#retries = createRetries(store, { maxRetries, archived });
    const jobOptions = jobOptionsOf(options);
    const shared = { retentionS, archived, lanes: lanes.names, jobOptions };
    const admissionWith = (terms: { bounds: Bounds; weight?: number }) => new Admission(store, { ...shared, ...terms });
    this.#admission = admissionWith({ bounds });
    this.#admissionsOfPlans = new Map(Object.entries(plans).map(([name, plan]) => [name, admissionWith(termsOf(plan, bounds))]));
    this.#abandoning = new Abandoning(store.redis, this.#cancelJob);
    this.#adder = new JobAdder({
      admissionOf: (plan) => this.#admissionOf(plan),
      addAdmitted: createAddAdmitted(store, jobOptions),
      lanes,
      abandoning: this.#abandoning,
    });
    this.#freeKey = store.script(new URL('scripts/free_key.lua', import.meta.url), { keys: ['dedup'], args: ['id'] });
    // With the admissions of the same moment this is one trip. A
    // value of another type reads as none, and is decided anew.
    this.#readShared = createBatch(64, (names: string[]) => store.redis.mget(names.map((name) => store.keys.shared(name))));
    this.#shareValue = store.script(new URL('scripts/share_value.lua', import.meta.url), { keys: ['shared'], args: ['proposed'] });
  }

  /** Adds a job, or finds the one that was added under the same key. */
  add(request: AddRequest): Promise<AddResult> {
    return this.#store.orUnavailable(() => this.#adder.add(request));
  }

  /** Frees a key, if it is still that job's. */
  forget(key: readonly unknown[], id: string): Promise<void> {
    return this.#store.orUnavailable(async () => void (await this.#freeKey({ dedup: this.#store.keys.dedup(digestOf(key)), id })));
  }

  /**
   * Lets a failed job wait again, keeping what it has finished.
   * `allowance`: what its tenant has left of its rate.
   */
  retry(request: RetryRequest): Promise<{ allowance?: Allowance | undefined } & ({ type: RetryOutcome } | Refusal)> {
    const { jobId, tenant, bounded, cancelAfterMs, startWithinMs, next, notifies, reserved, plan, bulk } = request;
    return this.#store.orUnavailable(async () => {
      if (bounded && !(await this.#retries.areLeft(jobId))) return { type: 'too_often' };
      const child = next && childIdOf(jobId, next);
      const lane = await this.#options.lanes.of(kindOf(jobId));
      const admitted = await this.#admissionOf(plan).admit({ jobId, lane, child, tenant, bounded, reserved });
      if (admitted.type === 'known') throw new OwnError('a retry has no key to be known by');
      if (admitted.type !== 'admitted') return admitted;
      const { priority, allowance } = admitted;
      const { attempts } = this.#options;
      const retry = { jobId, lane, priority, attempts, cancelAfterMs, startWithinMs, notifies, counts: bounded, bulk };
      return { type: await this.#retries.retry(retry), allowance };
    });
  }

  /**
   * Reads a job; undefined if there is none (any more). `after`: the
   * sequence number past which rows are wanted; without it none are read.
   */
  read(jobId: string, after?: number): Promise<JobView | undefined> {
    return this.#store.orUnavailable(async () => {
      const view = await this.#readJob(jobId, after);
      return view && { ...view, snapshot: await this.#pauses.show(view.snapshot) };
    });
  }

  /** What a job was added with; undefined where there is no such job, or it can't be read. */
  payloadOf(jobId: string): Promise<Payload | undefined> {
    const { redis, keys } = this.#store;
    return this.#store.orUnavailable(async () => {
      const data = parseJson((await redis.hget(keys.job(jobId), 'data').catch(ifWrongType(null))) ?? '');
      return typeof data === 'object' && data !== null ? (data as Payload) : undefined;
    });
  }

  /** Ends a job that has not ended, wherever it is. */
  cancel(jobId: string, which?: WhichToCancel): Promise<CancelOutcome> {
    return this.#store.orUnavailable(() => this.#cancelJob(jobId, which));
  }

  /** Cancels a job of which its client was told nothing, as soon as Redis answers. */
  abandon(jobId: string): void {
    this.#abandoning.abandon(jobId);
  }

  /**
   * Erases jobs with everything of them, their children, too: cancelled first if they have not
   * ended.
   */
  erase(jobIds: readonly string[]): Promise<ErasedJobs> {
    return this.#store.orUnavailable(() => this.#eraser.erase(jobIds));
  }

  /**
   * The ids of some of a user's jobs, ended or not; none if there are
   * no more. Jobs that are gone, or not added yet, are passed over.
   */
  idsOf(owner: string): Promise<string[]> {
    const { redis, keys } = this.#store;
    return this.#store.orUnavailable(async () => {
      for (const index of [keys.jobsOf(owner), keys.open(tenantOf(owner, undefined))]) {
        for (let from = 0; ; from += ERASED_AT_ONCE) {
          const ids = await redis.zrange(index, String(from), String(from + ERASED_AT_ONCE - 1));
          if (ids.length === 0) break;
          const found = await this.there(ids);
          if (found.size > 0) return ids.filter((id) => found.has(id));
        }
      }
      return [];
    });
  }

  /** Which of these jobs there are. */
  there(jobIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { redis, keys } = this.#store;
    return this.#store.orUnavailable(async () => {
      const found = await Promise.all(jobIds.map((id) => redis.hexists(keys.job(id), 'timestamp').catch(ifWrongType(0))));
      return new Set(jobIds.filter((_, n) => found[n] === 1));
    });
  }

  /** Failed jobs, the longest failed first. */
  failedJobs(range: JobRange): Promise<JobPage> {
    return this.#pageOf(
      { key: this.#store.keys.of('failed'), order: 'oldest' },
      { ...range, filter: { ...range.filter, status: 'failed' } },
    );
  }

  /** Finds jobs of all users; undefined where `from` is a place of another search. */
  search(filter: JobSearchFilter, range: SearchRange): Promise<SearchPage | undefined> {
    return this.#store.orUnavailable(() => this.#search.find(filter, range));
  }

  /** A job as operators see it; undefined if there is none (any more). */
  inspect(jobId: string): Promise<JobInspection | undefined> {
    return this.#store.orUnavailable(async () => {
      const view = await this.#readJob(jobId, 0);
      if (!view) return undefined;
      const [found, payload] = await Promise.all([this.#search.complete(view.snapshot), this.payloadOf(jobId)]);
      return inspectJob(this.#store, view, found, payload);
    });
  }

  /** A user's jobs, newest first. */
  jobsOf(owner: string, range: JobRange): Promise<JobPage> {
    return this.#pageOf({ key: this.#store.keys.jobsOf(owner), order: 'newest', owner, prune: 'gone' }, range);
  }

  /** A user's jobs that have not ended, the oldest first: as many as one request may read. */
  async openJobsOf(owner: string): Promise<Snapshot[]> {
    const key = this.#store.keys.open(tenantOf(owner, undefined));
    const range: JobRange = { limit: MAX_ENTRIES, filter: { status: 'unfinished' } };
    return (await this.#pageOf({ key, order: 'oldest', owner, prune: 'ended' }, range)).jobs;
  }

  /** The queue in figures, as they were read at most so long ago. */
  stats(maxAgeMs?: number): Promise<QueueStats> {
    return this.#store.orUnavailable(() => this.#readStats(maxAgeMs));
  }

  /** What operators have paused, as it was at most a second ago. */
  pauses(): Promise<OperatorPause[]> {
    return this.#store.orUnavailable(() => this.#pauses.known());
  }

  /**
   * Resolves with how many live workers there are and how many of them hold something (a scope of a
   * pause, or QUIET): once all do, or after some seconds. `of`: only this worker.
   */
  untilHeld(what: string, of?: string): Promise<{ live: number; holding: number }> {
    return this.#store.orUnavailable(async () => {
      const live = (await this.#workers()).flatMap((worker) => (worker.live && (of ?? worker.id) === worker.id ? [worker.id] : []));
      return { live: live.length, holding: await untilHeld(this.#store, what, live) };
    });
  }

  /**
   * Operators have paused or resumed something. Resolves once what this process knows is true
   * again.
   */
  async pausesChanged(): Promise<void> {
    this.#pauses.forget();
    await this.stats();
  }

  /** For how long the oldest jobs have waited. */
  oldest(): Promise<OldestJobs[]> {
    return this.#store.orUnavailable(() => readOldestJobs(this.#store, this.#options.lanes.names));
  }

  /** The workers that were seen lately. */
  workers(): Promise<SeenWorker[]> {
    return this.#store.orUnavailable(() => this.#workers());
  }

  /**
   * Whether a kind can be done, as the workers say; with an input: whether it can be done for
   * that one.
   */
  availability(kind: string, input?: unknown): Promise<Availability> {
    return this.#store.orUnavailable(async () => availabilityOf(kind, await this.#workers(WORKERS_AGE_MS), input));
  }

  /**
   * A value all processes agree on: the first to ask decides it. It is read
   * before it is written, so that a store that takes no writes still tells it.
   */
  shared(name: string, propose: () => string): Promise<string> {
    return this.#store.orUnavailable(async () => {
      const known = await this.#readShared(name);
      return known || String(await this.#shareValue({ shared: this.#store.keys.shared(name), proposed: propose() }));
    });
  }

  /** The time of a write to Redis, in ms. */
  ping(): Promise<number> {
    return this.#store.orUnavailable(async () => {
      const start = performance.now();
      await this.#store.redis.set(this.#store.keys.probe, '1', 'PX', 10_000); // a full or read-only Redis answers PING
      return performance.now() - start;
    });
  }

  close(): Promise<void> {
    this.#abandoning.close();
    return this.#bullmq.close();
  }

  #admissionOf(plan: string | undefined): Admission {
    return (plan !== undefined && this.#admissionsOfPlans.get(plan)) || this.#admission;
  }

  #pageOf(index: JobIndex, range: JobRange): Promise<JobPage> {
    return this.#store.orUnavailable(async () => {
      const { jobs, ...page } = await this.#list(index, range);
      return { ...page, jobs: await Promise.all(jobs.map((job) => this.#pauses.show(job))) };
    });
  }
}
