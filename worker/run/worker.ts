/** The BullMQ worker: concurrency, limiter, stalls, retries and drain around a run. */
import { DelayedError, type Job, UnrecoverableError, WaitingError, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { Config } from '../../src/config.ts';
import { OwnError } from '../../src/job/own-error.ts';
import { FIELDS, type Payload } from '../../src/job/record.ts';
import { createForgetDeadlines } from '../../src/jobs/deadlines.ts';
import { QUEUE_NAME } from '../../src/store/keys.ts';
import { RedisTimeWorker } from '../../src/store/redis-time-worker.ts';
import type { ProcessStore, Store } from '../../src/store/store.ts';
import { keepLooping, type WorkerLoop } from '../../src/store/worker-loop.ts';
import { watchArchiveLag } from './archive-lag.ts';
import { announceStop, watchAnnouncedStops } from './announced-stop.ts';
import { LockLostError } from './journal.ts';
import { LockWatch } from './lock-watch.ts';
import { JournalShortener } from './short-journals.ts';
import { backoff, HandBack } from './retry-policy.ts';
import type { RunLocks } from './run-locks.ts';
import { type Conclusion, JobTaker, type TakeOptions } from './take-job.ts';
import { UNREADABLE, watchUnreadable } from './unreadable.ts';
import { createBackendFactory } from './worker-backend.ts';
import { watchWrites } from './write-watch.ts';

/** The settings of a worker. `rate`: the limiter's, for the whole queue over all workers. */
export type WorkerOptions = Omit<Config['worker'], 'journalMemoryBytes' | 'shortRows'> &
  Partial<Pick<Config['worker'], 'journalMemoryBytes'>> &
  Pick<Config['job'], 'backoffMs' | 'retentionS'>;

/** What a worker has done since it started. */
export type Counters = { started: number; completed: number; failed: number; retried: number; putOff: number; stalled: number };

/** What a worker is given to do. */
export type WorkerTasks = Pick<TakeOptions, 'run' | 'findDoers'> & {
  locks: RunLocks;
  /** Whether journals of completed jobs may be shortened now. */
  mayShorten: () => Promise<boolean>;
  /** Called when a job has completed, and its result is kept. */
  onCompleted?: (kind: string, jobId: string) => void;
  /** Called when a job has failed for good. */
  onFailed?: (kind: string, jobId: string) => void;
};

/** How long BullMQ sleeps at most where the limiter lets no job begin, in ms (maximumRateLimitDelay). */
const LIMITER_MS = 30_000;

/** A running worker. */
export class JobWorker {
  readonly counters: Counters = { started: 0, completed: 0, failed: 0, retried: 0, putOff: 0, stalled: 0 };
  readonly #store: ProcessStore;
  /** Over a connection that waits while Redis is away. */
  readonly #patient: Store;
  readonly #log: Logger;
  readonly #taker: JobTaker;
  readonly #worker: Worker<Payload>;
  readonly #loop: WorkerLoop;
  readonly #lockWatch: LockWatch;
  readonly #locks: RunLocks;
  readonly #parts: { close(): void }[];
  /** How the run of a job that is to be completed came to its end. */
  readonly #concluded = new WeakMap<object, Conclusion>();
  /**
   * The pause before the next attempt, in ms, by the error that
   * ended the last one. It is set before BullMQ asks for it.
   */
  readonly #pauses = new WeakMap<Error, number>();

  /**
   * `patient`: over a connection that waits while Redis is away. What runs write goes
   * over it, too: what is written at once is one trip.
   */
  constructor(store: ProcessStore, patient: Store, tasks: WorkerTasks, options: WorkerOptions, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#patient = patient;
    this.#taker = new JobTaker({ ...options, ...tasks, store: patient, log });
    const lag = watchArchiveLag(patient, store.onError('archive lag'));
    this.#worker = this.#openWorker(tasks.locks, lag.longerS, options);
    this.#watchEnds(tasks, createForgetDeadlines(patient), new JournalShortener(patient, tasks.mayShorten));
    this.#watchErrors();
    watchUnreadable({
      worker: this.#worker,
      store: patient,
      retentionS: options.retentionS,
      running: this.#taker.running,
      everyMs: options.stalledIntervalMs / 2,
      onEnded: (jobId) => log.error({ jobId }, UNREADABLE),
      onError: store.onError('unreadable records'),
    });
    this.#lockWatch = new LockWatch({
      store,
      locks: tasks.locks,
      onLost: (jobId) => this.#stopLost(jobId),
      onError: store.onError('lock watch'),
    });
    const stopWatchingWrites = watchWrites(store, options.lockDurationMs, store.onError('write watch'));
    const isFull = () => this.active() >= options.concurrency;
    this.#loop = keepLooping(this.#worker, store, { isFull, slackMs: Math.min(options.rate.duration, LIMITER_MS) });
    const onBack = (jobId: string) => log.info({ jobId }, 'job waits again: its worker had said that it stops, and is gone');
    const stopTakingBack = watchAnnouncedStops(store, onBack, store.onError('announced stops'));
    this.#locks = tasks.locks;
    this.#parts = [lag, this.#loop, { close: stopWatchingWrites }, { close: stopTakingBack }];
  }

  /** How many jobs it runs now. */
  active(): number {
    return this.#taker.running.size;
  }

  /** For how long it has been expected to look for jobs, in ms; 0 while it runs as many as it may. */
  loopAgeMs(): number {
    return this.#loop.ageMs();
  }

  /** Whether it can fetch jobs now. */
  fetches(): boolean {
    return this.#patient.redis.status === 'ready' && this.#loop.fetches();
  }

  /** Whether it notices now that a job was cancelled. If it does not, the job's run goes on. */
  noticesCancels(): boolean {
    return this.#lockWatch.watching();
  }

  /**
   * Takes no more jobs and waits for those that run. Those that still run after `graceMs` are handed
   * back with what they have finished, and another worker continues them. This costs no attempt,
   * also where the host kills this process before.
   */
  async close(graceMs: number): Promise<void> {
    for (const part of this.#parts) part.close();
    if (this.#patient.redis.status !== 'ready' || this.#store.monitor.trouble()) {
      this.#lockWatch.close();
      return this.#worker.close(true); // others find the running jobs stalled
    }
    const announcement = announceStop(this.#store, this.#locks, this.#store.onError('announced stop'));
    const grace = setTimeout(() => this.#worker.cancelAllJobs(new HandBack('the worker is stopping') as never), graceMs);
    await this.#worker.close();
    clearTimeout(grace);
    announcement.close();
    this.#lockWatch.close(); // jobs can be cancelled until then
  }

  #openWorker(locks: RunLocks, keptLongerS: () => number, options: WorkerOptions): Worker<Payload> {
    const fieldsOf = (job: object) => this.#concluded.get(job)?.fields;
    return new RedisTimeWorker<Payload>(
      QUEUE_NAME,
      // BullMQ passes a signal only to processors that declare three parameters.
      (job, token, signal) => this.#process(job, token, signal),
      {
        connection: this.#patient.redis,
        prefix: this.#patient.keyPrefix,
        name: options.name,
        concurrency: options.concurrency,
        limiter: options.rate,
        // One check sees a lost worker's job, and the next one takes
        // it over. So two checks must fit into the interval.
        stalledInterval: Math.max(Math.floor(options.stalledIntervalMs / 2), 1),
        // BullMQ also counts a job whose worker died before the job began. So our own counters decide.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        // How often an idle worker looks for jobs, in s. The wake-up
        // for a lost job may go to a worker that is frozen.
        drainDelay: 1,
        lockDuration: options.lockDurationMs,
        settings: {
          backoffStrategy: (attemptsMade, _type, error) =>
            (error && this.#pauses.get(error)) ?? backoff(attemptsMade, options.backoffMs, error),
        },
      },
      createBackendFactory(this.#patient, { ...options, locks, fieldsOf, keptLongerS }),
    );
  }

  async #process(job: Job<Payload>, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const { id } = job;
    if (!id || !token || !signal) throw new OwnError('BullMQ gave a job without id, token or signal');
    const taken = { job, id, token, signal, stop: (reason: unknown) => this.#stop(id, reason) };
    const result = await this.#taker.take(taken, () => this.counters.started++);
    switch (result.type) {
      case 'done':
        this.#concluded.set(job, result);
        return;
      case 'delayed':
        if (result.putOff) this.counters.putOff++;
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

  #stop(jobId: string, reason: unknown): void {
    this.#worker.cancelJob(jobId, reason as never);
  }

  #stopLost(jobId: string): void {
    this.#stop(jobId, new LockLostError(jobId));
  }

  /** Counts and logs how jobs end. */
  #watchEnds({ onCompleted, onFailed }: WorkerTasks, forgetDeadline: (jobId: string) => void, shortener: JournalShortener): void {
    const counters = this.counters;
    this.#worker.on('completed', (job) => {
      const {
        id = '',
        name,
        data: { requestId },
        attemptsMade,
        stalledCounter,
        processedOn = 0,
      } = job;
      counters.completed++;
      forgetDeadline(id);
      const { rows = [], fields } = this.#concluded.get(job) ?? {};
      shortener.add({ id, rows, result: fields?.[FIELDS.result] ?? '' });
      onCompleted?.(name, id);
      const ms = this.#store.clock.now() - processedOn;
      this.#log.info({ jobId: id, requestId, attempt: attemptsMade + stalledCounter, ms }, 'job done');
    });
    this.#worker.on('failed', (job) => {
      if (job?.finishedOn === undefined) counters.retried++;
      else {
        counters.failed++;
        onFailed?.(job.name, job.id ?? '');
      }
      forgetDeadline(job?.id ?? '');
    });
    this.#worker.on('stalled', (jobId) => {
      counters.stalled++;
      this.#log.warn({ jobId }, 'job was stalled: its worker is gone');
    });
  }

  #watchErrors(): void {
    // BullMQ reports the loss, but does not stop the run.
    this.#worker.on('lockRenewalFailed', (jobIds) => jobIds.forEach((jobId) => this.#stopLost(jobId)));
    const onError = this.#store.onError('worker');
    this.#worker.on('error', (error) => {
      if (!isOfLostRun(error)) onError(error);
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
