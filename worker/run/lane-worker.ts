/** The BullMQ worker of one lane: its loop, its limiter, and how its jobs end. */
import { DelayedError, type Job, UnrecoverableError, WaitingError, type Worker } from 'bullmq';
import { OwnError } from '../../src/job/own-error.ts';
import type { Payload } from '../../src/job/record.ts';
import type { ProblemCode } from '../../src/job/problem.ts';
import type { Author } from '../../src/job/snapshot.ts';
import { type Lane, queueNameOf } from '../../src/store/keys.ts';
import { RedisTimeWorker } from '../../src/store/redis-time-worker.ts';
import type { ProcessStore, Store } from '../../src/store/store.ts';
import { keepLooping, type WorkerLoop } from '../../src/store/worker-loop.ts';
import { LaneRate } from './lane-rate.ts';
import { backoff } from './retry-policy.ts';
import type { Conclusion, JobPickup, TakeResult } from './take-job.ts';
import { type BackendOptions, createBackendFactory } from './worker-backend.ts';

/** What the lanes of a process share. */
export type LaneDeps = Pick<BackendOptions, 'lanes' | 'slots' | 'locks' | 'keptLongerS'> & {
  store: ProcessStore;
  /** Over a connection that waits while Redis is away. */
  patient: Store;
  name: string;
  /** The limiter's rate, for all lanes of all workers together. */
  rate: { max: number; duration: number };
  stalledIntervalMs: number;
  lockDurationMs: number;
  backoffMs: number;
  /** Runs a job that BullMQ gave. */
  take: (taken: JobPickup) => Promise<TakeResult>;
  /** Ends a job's run, in whichever lane it is. */
  stop: (jobId: string, reason: unknown) => void;
  events: LaneEvents;
};

/** What a lane tells of its jobs. */
export type LaneEvents = {
  /** `conclusion`: how the run came to its end. */
  onCompleted: (job: Job<Payload>, conclusion: Conclusion | undefined) => void;
  /** The job has failed for good. */
  onFailed: (job: Job<Payload>) => void;
  /** The attempt has failed, and there is another one. The job is unknown if it is gone. */
  onRetry: (jobId: string | undefined) => void;
  /** The job is put off at no cost. */
  onPutOff: (job: Job<Payload>, code: ProblemCode, author: Author | undefined) => void;
  /**
   * A run has come to its end: its job has completed, has failed, or waits for the next attempt.
   * `author`: whom it has asked.
   */
  onRunOver: (job: Job<Payload>, how: 'completed' | 'failed', author: Author | undefined) => void;
  /** The worker of a job is gone. */
  onStalled: (jobId: string) => void;
  /** The lock of a job's run is lost. */
  onLost: (jobId: string) => void;
  onError: (error: Error) => void;
};

/** A lane that a worker serves. */
export type ServedLane = {
  lane: Lane;
  /** How many of its jobs run at once. */
  concurrency: number;
  /** How many of its jobs begin in the limiter's time, over all workers, where it has a rate of its own. */
  rateMax?: number | undefined;
};

/**
 * How often an idle worker looks for jobs, in s, in the queue that all
 * kinds share and in a lane: the wake-up for a lost job may go to a
 * worker that is frozen. Lanes are many, so they are asked less often.
 */
const IDLE_S = { shared: 1, lane: 3 };

/** How long BullMQ sleeps at most where the limiter lets no job begin, in ms (maximumRateLimitDelay). */
const LIMITER_MS = 30_000;

/** A lane's worker, which runs. */
export class LaneWorker {
  readonly lane: Lane;
  readonly #deps: LaneDeps;
  readonly #worker: Worker<Payload>;
  readonly #loop: WorkerLoop;
  #active = 0;
  /** How the run of a job that is to be completed came to its end. */
  readonly #concluded = new WeakMap<object, Conclusion>();
  /**
   * The pause before the next attempt, in ms, by the error that
   * ended the last one. It is set before BullMQ asks for it.
   */
  readonly #pauses = new WeakMap<Error, number>();
  /** Whom the last run of a job has asked. */
  readonly #authors = new WeakMap<object, Author>();

  constructor(served: ServedLane, deps: LaneDeps) {
    this.lane = served.lane;
    this.#deps = deps;
    this.#worker = this.#open(served);
    this.#watch();
    const isFull = () => this.#active >= served.concurrency;
    this.#loop = keepLooping(this.#worker, deps.store, { isFull, slackMs: Math.min(deps.rate.duration, LIMITER_MS) });
  }

  /** BullMQ's worker. */
  get bullmq(): Worker<Payload> {
    return this.#worker;
  }

  /** For how long it has been expected to look for jobs, in ms; 0 while it runs as many as it may. */
  loopAgeMs(): number {
    return this.#loop.ageMs();
  }

  /** Whether it can fetch jobs now. */
  fetches(): boolean {
    return this.#loop.fetches();
  }

  /** Aborts the signal of a job's run, if it runs here. */
  stop(jobId: string, reason: unknown): void {
    this.#worker.cancelJob(jobId, reason as never);
  }

  /** The same for all jobs that run here. */
  stopAll(reason: unknown): void {
    this.#worker.cancelAllJobs(reason as never);
  }

  /** Takes no more jobs and waits for those that run; with `force` it does not wait. */
  async close(force: boolean): Promise<void> {
    this.#loop.close();
    await this.#worker.close(force);
  }

  #open({ lane, concurrency, rateMax }: ServedLane): Worker<Payload> {
    const { patient, name, rate: limiter, stalledIntervalMs, lockDurationMs, backoffMs } = this.#deps;
    const rate = lane !== undefined && rateMax !== undefined ? new LaneRate(patient, lane, { ...limiter, max: rateMax }) : undefined;
    const fieldsOf = (job: object) => this.#concluded.get(job)?.fields;
    const authorOf = (job: object) => this.#authors.get(job);
    return new RedisTimeWorker<Payload>(
      queueNameOf(lane, 'wait'),
      // BullMQ passes a signal only to processors that declare three parameters.
      (job, token, signal) => this.#process(job, token, signal),
      {
        connection: patient.redis,
        prefix: patient.keyPrefix,
        name,
        concurrency,
        limiter,
        skipStalledCheck: lane !== undefined, // the worker of the shared queue looks into all lanes
        // One check sees a lost worker's job, and the next one takes
        // it over. So two checks must fit into the interval.
        stalledInterval: Math.max(Math.floor(stalledIntervalMs / 2), 1),
        // BullMQ also counts a job whose worker died before the job began. So our own counters decide.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        drainDelay: IDLE_S[lane === undefined ? 'shared' : 'lane'],
        lockDuration: lockDurationMs,
        settings: {
          backoffStrategy: (attemptsMade, _type, error) => (error && this.#pauses.get(error)) ?? backoff(attemptsMade, backoffMs, error),
        },
      },
      createBackendFactory(patient, { ...this.#deps, lane, rate, fieldsOf, authorOf }),
    );
  }

  async #process(job: Job<Payload>, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const { id } = job;
    if (!id || !token || !signal) throw new OwnError('BullMQ gave a job without id, token or signal');
    this.#active++;
    try {
      const stop = (reason: unknown) => this.#deps.stop(id, reason);
      this.#settle(job, await this.#deps.take({ job, id, token, lane: this.lane, signal, stop }));
    } finally {
      this.#active--;
    }
  }

  /** Tells BullMQ what has become of a job; it learns that from what is thrown. */
  #settle(job: Job<Payload>, result: TakeResult): void {
    if (result.author) this.#authors.set(job, result.author);
    switch (result.type) {
      case 'done':
        this.#concluded.set(job, result);
        return;
      case 'delayed':
        if (result.putOff !== undefined) this.#deps.events.onPutOff(job, result.putOff, result.author);
        throw new DelayedError();
      case 'waiting':
        throw new WaitingError();
      case 'failed':
        throw new UnrecoverableError(result.reason);
      case 'error':
        if (result.pauseMs !== undefined) this.#pauses.set(result.error, result.pauseMs);
        throw result.error;
    }
  }

  #watch(): void {
    const { events } = this.#deps;
    const worker = this.#worker;
    worker.on('completed', (job) => {
      events.onCompleted(job, this.#concluded.get(job));
      events.onRunOver(job, 'completed', this.#authors.get(job));
    });
    worker.on('failed', (job) => {
      if (job) events.onRunOver(job, 'failed', this.#authors.get(job));
      if (job?.finishedOn === undefined) events.onRetry(job?.id);
      else events.onFailed(job);
    });
    worker.on('stalled', (jobId) => events.onStalled(jobId));
    // BullMQ reports the loss, but does not stop the run.
    worker.on('lockRenewalFailed', (jobIds) => jobIds.forEach((jobId) => events.onLost(jobId)));
    worker.on('error', (error) => {
      if (!isOfLostRun(error)) events.onError(error);
    });
  }
}

/**
 * Codes of BullMQ for the end of a run whose job is gone, was
 * ended by others, or has another lock (enums/error-code).
 */
const LOST_RUN: ReadonlySet<unknown> = new Set([-1, -2, -6]);

/**
 * Whether an error is only that a run could not end its job, because the
 * job is not its own any more: each cancel of a running job makes one.
 */
function isOfLostRun(error: Error): boolean {
  return LOST_RUN.has((error as { code?: unknown }).code);
}
