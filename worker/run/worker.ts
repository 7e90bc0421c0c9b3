/** The BullMQ worker: concurrency, limiter, stalls, retries and drain around a run. */
import { DelayedError, UnrecoverableError, WaitingError, type Worker, type Job } from 'bullmq';
import type { Logger } from 'pino';
import { OwnError } from '../../src/job/own-error.ts';
import { watchArchiveLag } from './archive-lag.ts';
import type { Clock } from '../../src/store/clock.ts';
import { createForgetDeadlines } from '../../src/jobs/deadlines.ts';
import { LockLostError } from './journal.ts';
import { QUEUE_NAME } from '../../src/store/keys.ts';
import { watchLocks } from './lock-watch.ts';
import type { Payload, RecordFields } from '../../src/job/record.ts';
import type { RunLocks } from './run-locks.ts';
import { RedisTimeWorker } from '../../src/store/redis-time-worker.ts';
import type { ProcessStore } from '../../src/store/store.ts';
import { UNREADABLE, watchUnreadable } from './unreadable.ts';
import { createBackendFactory } from './worker-backend.ts';
import { keepLooping } from '../../src/store/worker-loop.ts';
import { watchWrites } from './write-watch.ts';
import { backoff, HandBack } from './retry-policy.ts';
import type { Settled } from './settle.ts';
import { createTakeJob, type TakeJobDeps } from './take-job.ts';

/** The settings of a worker. Durations are in ms. */
export type WorkerOptions = {
  name: string;
  concurrency: number;
  /** The limiter's rate, for the whole queue over all workers: `max` starts in `duration` ms. */
  rate: { max: number; duration: number };
  stalledIntervalMs: number;
  maxStalledCount: number;
  lockDurationMs: number;
  /** How much of what runs have written is remembered, in bytes. */
  journalMemoryBytes?: number | undefined;
  /** The longest pause before the first retry. It doubles for each further one. */
  backoffMs: number;
  /** How long ended jobs are kept, in s. */
  retentionS: number;
};

/** What a worker has done since it started. */
export type Counters = { started: number; completed: number; failed: number; retried: number; putOff: number; stalled: number };

/** What a worker is given to do. */
export type WorkerDeps = Pick<TakeJobDeps, 'run' | 'isDone'> & {
  locks: RunLocks;
  /** Called when a job has completed, and its result is kept. */
  onCompleted?: (kind: string, jobId: string) => void;
  /** Called when a job has failed for good. */
  onFailed?: (kind: string, jobId: string) => void;
};

/** A running worker. */
export type JobWorker = {
  counters: Counters;
  /** How many jobs it runs now. */
  active(): number;
  /** Whether it can fetch jobs now. */
  fetches(): boolean;
  /** Whether it notices now that a job was cancelled. If it does not, the job's run goes on. */
  noticesCancels(): boolean;
  /**
   * Takes no more jobs and waits for those that run. Those that still run after `graceMs` are handed back with what they have
   * finished, and another worker continues them. This costs no attempt.
   */
  close(graceMs: number): Promise<void>;
};

/** Starts a worker. */
export function createWorker(
  store: ProcessStore,
  { run, isDone, locks, onCompleted, onFailed }: WorkerDeps,
  options: WorkerOptions,
  log: Logger,
): JobWorker {
  const { monitor, clock } = store;
  const patient = store.connect('wait');
  const { redis } = patient;
  const counters: Counters = { started: 0, completed: 0, failed: 0, retried: 0, putOff: 0, stalled: 0 };
  /** The jobs that run here. */
  const running = new Set<string>();
  /** What the completion of a job that has run writes. */
  const concluded = new WeakMap<object, RecordFields>();
  /** The pause before the next attempt, in ms, by the error that ended the last one. It is set before BullMQ asks for it. */
  const pauses = new WeakMap<Error, number>();
  const { backoffMs } = options;
  const takeJob = createTakeJob({
    ...options,
    store: patient,
    locks,
    run,
    isDone,
    running,
    counters,
    log,
    onPause: (error, ms) => pauses.set(error, ms),
  });

  // BullMQ passes a signal only to processors that declare three parameters.
  const process = async (job: Job<Payload>, token: string | undefined, signal: AbortSignal | undefined): Promise<void> => {
    const { id } = job;
    if (!id || !token || !signal) throw new OwnError('BullMQ gave a job without id, token or signal');
    const outcome = await takeJob({ job, id, token, signal, stop: (reason) => stop(id, reason) });
    if (outcome.type !== 'done') throw toError(outcome);
    concluded.set(job, outcome.fields);
  };

  const lag = watchArchiveLag(patient, store.onError('archive lag'));
  const worker = new RedisTimeWorker<Payload>(
    QUEUE_NAME,
    process,
    {
      connection: redis,
      prefix: store.keyPrefix,
      name: options.name,
      concurrency: options.concurrency,
      limiter: options.rate,
      // One check sees a lost worker's job, and the next one takes it over. So two checks must fit into the interval.
      stalledInterval: Math.max(Math.floor(options.stalledIntervalMs / 2), 1),
      // BullMQ also counts a job whose worker died before the job began. So our own counters decide.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      // How often an idle worker looks for jobs, in s. The wake-up for a lost job may go to a worker that is frozen.
      drainDelay: 1,
      lockDuration: options.lockDurationMs,
      settings: {
        backoffStrategy: (attemptsMade, _type, error) => (error && pauses.get(error)) ?? backoff(attemptsMade, backoffMs, error),
      },
    },
    createBackendFactory(patient, {
      ...options,
      locks,
      fieldsOf: (job) => concluded.get(job),
      keptLongerS: lag.longerS,
    }),
  );
  const stop = (jobId: string, reason: unknown): void => void worker.cancelJob(jobId, reason as never);
  const stopLost = (jobId: string): void => stop(jobId, new LockLostError(jobId));

  watchEnds(worker, { counters, log, clock, onCompleted, onFailed, forgetDeadline: createForgetDeadlines(patient) });
  watchUnreadable({
    worker,
    store: patient,
    retentionS: options.retentionS,
    running,
    everyMs: options.stalledIntervalMs / 2,
    onEnded: (jobId) => log.error({ jobId }, UNREADABLE),
    onError: store.onError('unreadable records'),
  });
  const lockWatch = watchLocks({ store, locks, onLost: stopLost, onError: store.onError('lock watch') });
  const stopWatchingWrites = watchWrites(store, options.lockDurationMs, store.onError('write watch'));
  // BullMQ reports the loss, but does not stop the run.
  worker.on('lockRenewalFailed', (jobIds) => jobIds.forEach(stopLost));
  const onWorkerError = store.onError('worker');
  worker.on('error', (error) => {
    if (!isOfLostRun(error)) onWorkerError(error);
  });
  const loop = keepLooping(worker, store);

  return {
    counters,
    active: () => running.size,
    fetches: () => redis.status === 'ready' && loop.fetches(),
    noticesCancels: lockWatch.watching,
    async close(graceMs) {
      lag.close();
      loop.close();
      stopWatchingWrites();
      if (redis.status !== 'ready' || monitor.trouble()) {
        lockWatch.close();
        return worker.close(true); // others find the running jobs stalled
      }
      const grace = setTimeout(() => worker.cancelAllJobs(new HandBack('the worker is stopping') as never), graceMs);
      await worker.close();
      clearTimeout(grace);
      lockWatch.close(); // jobs can be cancelled until then
    },
  };
}

/** Codes of BullMQ for the end of a run whose job is gone, was ended by others, or has another lock (enums/error-code). */
const LOST_RUN: ReadonlySet<unknown> = new Set([-1, -2, -6]);

/** Whether an error is only that a run could not end its job, because the job is not its own any more: each cancel of a running job makes one. */
function isOfLostRun(error: Error): boolean {
  return LOST_RUN.has((error as { code?: unknown }).code);
}

/** What is told of jobs' ends. */
type Ends = {
  counters: Counters;
  log: Logger;
  clock: Clock;
  onCompleted: WorkerDeps['onCompleted'] | undefined;
  onFailed: WorkerDeps['onFailed'] | undefined;
  forgetDeadline: (jobId: string) => void;
};

/** Counts and logs how jobs end. */
function watchEnds(worker: Worker<Payload>, { counters, log, clock, onCompleted, onFailed, forgetDeadline }: Ends): void {
  worker.on('completed', ({ id = '', name, data: { requestId }, attemptsMade, stalledCounter, processedOn = 0 }) => {
    counters.completed++;
    forgetDeadline(id);
    onCompleted?.(name, id);
    log.info({ jobId: id, requestId, attempt: attemptsMade + stalledCounter, ms: clock.now() - processedOn }, 'job done');
  });
  worker.on('failed', (job) => {
    if (job?.finishedOn === undefined) counters.retried++;
    else {
      counters.failed++;
      onFailed?.(job.name, job.id ?? '');
    }
    forgetDeadline(job?.id ?? '');
  });
  worker.on('stalled', (jobId) => {
    counters.stalled++;
    log.warn({ jobId }, 'job was stalled: its worker is gone');
  });
}

/** The error by which BullMQ learns what has become of a job. */
function toError(settled: Settled): Error {
  switch (settled.type) {
    case 'delayed':
      return new DelayedError();
    case 'waiting':
      return new WaitingError();
    case 'failed':
      return new UnrecoverableError(settled.reason);
    case 'error':
      return settled.error;
  }
}
