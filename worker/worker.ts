/** The BullMQ worker: concurrency, limiter, stalls, retries and drain around a run. */
import { DelayedError, UnrecoverableError, WaitingError, Worker, type Job } from 'bullmq';
import type { Logger } from 'pino';
import { parseReason, type ProblemCode } from '../src/job/problem.ts';
import { keysUnder, QUEUE_NAME } from '../src/queue/keys.ts';
import type { JobSignal } from '../src/queue/event-reader.ts';
import type { Store } from '../src/queue/store.ts';
import { OwnError } from '../src/job/own-error.ts';
import { createJournals, type Journal, LockLostError } from '../src/queue/journal.ts';
import type { RetryWhileRefused } from '../src/queue/store-monitor.ts';
import type { Payload } from '../src/queue/record.ts';
import { createRunCounters, type RunCounters } from '../src/queue/run-counters.ts';
import { createFairQueue } from '../src/queue/fair-queue.ts';
import { createForgetDeadline } from '../src/queue/deadlines.ts';
import { UNREADABLE, watchUnreadable } from '../src/queue/unreadable.ts';
import { createIsolation } from './isolation.ts';
import { backoff, decide, HandBack, NotAssignedError, type Outcome } from './retry-policy.ts';
import type { Task } from './run.ts';

/** The settings of a worker. Durations are in ms. */
export type WorkerOptions = {
  name: string;
  keyPrefix: string;
  concurrency: number;
  /** The limiter's rate, for the whole queue over all workers: `max` starts in `duration` ms. */
  rate: { max: number; duration: number };
  stalledIntervalMs: number;
  maxStalledCount: number;
  lockDurationMs: number;
  /** The longest pause before the first retry. It doubles for each further one. */
  backoffMs: number;
};

/** What a worker has done since it started. */
export type Counters = { started: number; completed: number; failed: number; retried: number; putOff: number; stalled: number };

/** What a worker is given to do. */
export type WorkerDeps = {
  /** Takes one job to its end. */
  run: (task: Task, journal: Journal) => Promise<void>;
  /** Whether any worker can do a kind, or could while the registry remembers it. */
  isDone: (kind: string) => Promise<boolean>;
};

/** A running worker. */
export type JobWorker = {
  counters: Counters;
  /** How many jobs it runs now. */
  active(): number;
  /** Whether it can fetch jobs now. */
  fetches(): boolean;
  /** Takes a signal of the event reader. A job that was ended elsewhere is stopped here. */
  signal(signal: JobSignal): void;
  /**
   * Takes no more jobs and waits for those that run. Those that still run after `graceMs` are handed back with what they have
   * finished, and another worker continues them. This costs no attempt.
   */
  close(graceMs: number): Promise<void>;
};

/** One attempt at a job, as it is being settled. */
type Attempt = { job: Job<Payload>; id: string; token: string; journal: Journal; counted: RunCounters };

/** The reason of a job that has lost its workers too often. */
const WORKER_LOST = 'worker_lost: The workers that ran this job were lost each time; it was not tried again.';

/** How often to check that the worker's loop runs, in ms. */
const WAKE_MS = 1000;

/** How soon a job that can't run now is picked up again, in ms, at the earliest. */
const NOT_NOW_MS = 300;

/** Starts a worker. */
export function createWorker(
  { connect, monitor, onError }: Store,
  { run, isDone }: WorkerDeps,
  options: WorkerOptions,
  log: Logger,
): JobWorker {
  const redis = connect('wait');
  const keys = keysUnder(options.keyPrefix);
  const { retryWhileRefused } = monitor;
  const journals = createJournals(redis, keys, retryWhileRefused);
  const fairQueue = createFairQueue(redis, keys);
  const runCounters = createRunCounters(redis, keys, retryWhileRefused);
  const isolation = createIsolation(options.maxStalledCount);
  const notNow = createNotNow(options.rate);
  const counters: Counters = { started: 0, completed: 0, failed: 0, retried: 0, putOff: 0, stalled: 0 };
  const running = new Set<string>();
  /** The pause before the next attempt, in ms, by the error that ended the last one. It is set before BullMQ asks for it. */
  const pauses = new WeakMap<Error, number>();

  // BullMQ passes a signal only to processors that declare three parameters.
  const process = async (job: Job<Payload>, token: string | undefined, signal: AbortSignal | undefined): Promise<void> => {
    if (!job.id || !token || !signal) throw new OwnError('BullMQ gave a job without id, token or signal');
    endOnceAccepted(job, retryWhileRefused);
    const task = toTask(job, job.id, signal);
    const { id, attempt } = task;
    const { requestId, tenant } = job.data;
    const counted = runCounters(id, job.stalledCounter);
    const losses = await counted.losses();
    if (losses > options.maxStalledCount) throw new UnrecoverableError(WORKER_LOST);
    // An old run of this job that was thought lost may still go on here. Its end would stop the renewal of the new run's lock.
    if (running.has(id) || !isolation.admit({ id, losses })) {
      await retryWhileRefused(() => job.moveToDelayed(notNow(), token));
      throw new DelayedError();
    }
    counters.started++;
    running.add(id);
    log.info({ jobId: id, requestId, attempt, waitedMs: Date.now() - job.timestamp }, 'job started');
    const journal = journals({ jobId: id, tenant, token });
    try {
      await counted.started();
      await run(task, journal);
      served(job);
      log.info({ jobId: id, requestId, attempt, ms: Date.now() - (job.processedOn ?? 0) }, 'job done');
    } catch (error) {
      log.warn({ jobId: id, requestId, attempt, err: error }, 'job attempt ended');
      throw await settle({ job, id, token, journal, counted }, error);
    } finally {
      running.delete(id);
      isolation.leave(id);
    }
  };

  const served = (job: Job): void => void fairQueue.served(job.priority).catch(() => {}); // a lost update only makes the order less exact

  const decideOn = async ({ job, counted }: Attempt, error: unknown): Promise<Outcome> => {
    const doneElsewhere = error instanceof NotAssignedError && (await isDone(job.name));
    return decide(error, {
      attemptsMade: job.attemptsMade + 1,
      putOffs: await counted.putOffs(),
      backoffMs: options.backoffMs,
      doneElsewhere,
    });
  };

  /** Carries out what was decided for a job whose attempt did not end well. Resolves with the error that tells BullMQ. */
  const settle = async (attempt: Attempt, error: unknown): Promise<Error> => {
    const { job, id, token, journal, counted } = attempt;
    const outcome = await decideOn(attempt, error);
    if (outcome.type === 'lost') return error as LockLostError; // BullMQ refuses everything that this run does to the job
    await journal.checkLock(); // the writes that follow do not check the lock themselves
    await counted.returned();
    const delay = async (readyAt: number): Promise<Error> => {
      await retryWhileRefused(() => job.moveToDelayed(readyAt, token));
      return new DelayedError();
    };
    const requeue = (readyAt: number) => retryWhileRefused(() => fairQueue.requeue(id, job.data.tenant, readyAt));
    const readyAt = Date.now() + ('afterMs' in outcome ? outcome.afterMs : 0);
    switch (outcome.type) {
      case 'hand-back':
        await journal.markReady(readyAt);
        await retryWhileRefused(() => job.moveToWait(token));
        return new WaitingError();
      case 'give-back':
        return delay(readyAt);
      case 'fail':
        served(job);
        return new UnrecoverableError(outcome.problem.message);
      case 'retry':
        served(job);
        await requeue(readyAt);
        pauses.set(outcome.problem, outcome.afterMs);
        return outcome.problem;
      case 'put-off':
        counters.putOff++;
        await requeue(readyAt);
        await counted.putOff(outcome.problem.code, outcome.counts);
        return delay(readyAt);
      default:
        return outcome satisfies never;
    }
  };

  const worker = new Worker<Payload>(QUEUE_NAME, process, {
    connection: redis,
    prefix: options.keyPrefix,
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
      backoffStrategy: (attemptsMade, _type, error) => (error && pauses.get(error)) ?? backoff(attemptsMade, options.backoffMs, error),
    },
  });
  const forgetDeadline = createForgetDeadline(redis, keys);
  for (const end of ['completed', 'failed'] as const) {
    worker.on(end, (job: Job | undefined) => void forgetDeadline(job?.id ?? '').catch(() => {})); // an ended job is not cancelled anyway
  }
  watchUnreadable({
    worker,
    redis,
    keys,
    running,
    everyMs: options.stalledIntervalMs / 2,
    onEnded: (jobId) => log.error({ jobId }, UNREADABLE),
    onError: onError('unreadable records'),
  });
  worker.on('completed', () => counters.completed++);
  worker.on('failed', (job) => (job?.finishedOn === undefined ? counters.retried++ : counters.failed++));
  worker.on('stalled', (jobId) => {
    counters.stalled++;
    log.warn({ jobId }, 'job was stalled: its worker is gone');
  });
  // BullMQ reports the loss, but does not stop the run.
  worker.on('lockRenewalFailed', (jobIds) => jobIds.forEach((jobId) => worker.cancelJob(jobId, new LockLostError(jobId) as never)));
  worker.on('error', onError('worker'));

  // If Redis refuses, BullMQ would ask again at once, thousands of times a second.
  monitor.watch({
    onTrouble: ({ type }) => {
      if (type === 'refuses') void worker.pause(true).catch(onError('worker'));
    },
    onBack: () => void worker.resume(),
  });
  // If a pause is lifted just while the loop ends, the worker would have no loop any more.
  const waking = setInterval(() => {
    if (!monitor.trouble() && !worker.isRunning() && !worker.closing) void worker.resume();
  }, WAKE_MS);
  waking.unref();

  // The connection that waits for jobs. BullMQ opens it itself; it is not `redis`.
  let waiting: { status: string } | undefined;
  void worker
    .getBackend()
    .blockingClient?.then((client) => (waiting = client))
    .catch(onError('worker'));
  const fetches = (): boolean => worker.isRunning() && !worker.isPaused() && redis.status === 'ready' && waiting?.status === 'ready';

  /** Stops a run whose job has ended elsewhere: it was cancelled. */
  const stopIfEnded = async (jobId: string): Promise<void> => {
    const finished = await redis.hexists(keys.job(jobId), 'finishedOn');
    if (finished && running.has(jobId)) worker.cancelJob(jobId, new LockLostError(jobId) as never);
  };

  return {
    counters,
    active: () => running.size,
    fetches,
    signal(signal) {
      if (signal.type === 'missed') return running.forEach((id) => void stopIfEnded(id));
      if (signal.type === 'changed' && signal.change === 'ended' && running.has(signal.jobId)) void stopIfEnded(signal.jobId);
    },
    async close(graceMs) {
      clearInterval(waking);
      if (redis.status !== 'ready' || monitor.trouble()) return worker.close(true); // others find the running jobs stalled
      const grace = setTimeout(() => worker.cancelAllJobs(new HandBack('the worker is stopping') as never), graceMs);
      await worker.close();
      clearTimeout(grace);
    },
  };
}

/**
 * BullMQ treats an error of its last step as an error of the job. If Redis refused to complete a job, the job would fail
 * for good. So the last step is repeated until Redis accepts it.
 */
function endOnceAccepted(job: Job, retryWhileRefused: RetryWhileRefused): void {
  const { moveToCompleted, moveToFailed } = job;
  job.moveToCompleted = (...args) => retryWhileRefused(() => moveToCompleted.apply(job, args));
  job.moveToFailed = (...args) => retryWhileRefused(() => moveToFailed.apply(job, args));
}

/** Makes the function that says when a job that can't run now is picked up again. Each pickup counts for the limiter, so few are made. */
function createNotNow({ max, duration }: WorkerOptions['rate']): () => number {
  let next = 0;
  return () => (next = Math.max(Date.now() + NOT_NOW_MS, next + (4 * duration) / max));
}

function toTask(job: Job<Payload>, id: string, signal: AbortSignal): Task {
  return {
    id,
    kind: job.name,
    input: job.data.input,
    attempt: 1 + job.attemptsMade + job.stalledCounter,
    fresh: job.attemptsStarted === 1,
    previous: previousEnd(job),
    signal,
  };
}

/** Why the attempt before ended: for the reason that BullMQ kept, or because its worker was lost. */
function previousEnd({ failedReason }: Job): ProblemCode {
  return failedReason ? parseReason(failedReason).code : 'worker_lost';
}
