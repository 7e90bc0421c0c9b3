/**
 * The worker of a process: it runs the jobs of its lanes,
 * watches their locks, and hands them back when it stops.
 */
import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import type { Config } from '../../src/config.ts';
import { parseReason } from '../../src/job/problem.ts';
import { traceIdOf } from '../../src/job/trace-parent.ts';
import { FIELDS, type Payload } from '../../src/job/record.ts';
import type { Author } from '../../src/job/snapshot.ts';
import type { ErrorCounts, JobError } from '../../src/jobs/error-counts.ts';
import { createForgetDeadlines } from '../../src/jobs/deadlines.ts';
import { kindOf } from '../../src/jobs/to-snapshot.ts';
import type { WorkerVitals } from '../../src/jobs/worker-registry.ts';
import type { ProcessStore, Store } from '../../src/store/store.ts';
import { watchArchiveLag } from './archive-lag.ts';
import { announceStop, watchAnnouncedStops } from './announced-stop.ts';
import { LockLostError } from './journal.ts';
import { type Holds, NO_HOLDS } from './holds.ts';
import { type LaneEvents, type ServedLane, LaneWorker } from './lane-worker.ts';
import { LockWatch } from './lock-watch.ts';
import { JournalShortener } from './short-journals.ts';
import { HandBack } from './retry-policy.ts';
import { reportEnd, runMsOf, UNREADABLE_END } from './run-events.ts';
import type { RunLocks } from './run-locks.ts';
import { Slots } from './slots.ts';
import { JobTaker, type TakeOptions } from './take-job.ts';
import { UNREADABLE, watchUnreadable } from './unreadable.ts';
import { watchWrites } from './write-watch.ts';

/** The settings of a worker. */
export type WorkerOptions = Omit<Config['worker'], 'journalMemoryBytes' | 'shortRows' | 'concurrency' | 'laneSettings' | 'kinds'> &
  Partial<Pick<Config['worker'], 'journalMemoryBytes'>> &
  Pick<Config['job'], 'backoffMs' | 'retentionS'> & {
    /** All lanes that there are. */
    lanes: readonly string[];
    /** Those that it serves, with the queue that all kinds share. */
    served: readonly ServedLane[];
  };

/** What a worker has done since it started. */
export type Counters = { started: number; completed: number; failed: number; retried: number; putOff: number; stalled: number };

/** What a worker is given to do. */
export type WorkerTasks = Pick<TakeOptions, 'run' | 'findDoers' | 'events' | 'authors' | 'tracer'> & {
  locks: RunLocks;
  /** What operators want of this worker. */
  /** Counts what goes wrong, for operators. */
  errors?: Pick<ErrorCounts, 'note'> | undefined;
  holds?: Pick<Holds, 'holds' | 'onChange' | 'quiet'>;
  /** Whether journals of completed jobs may be shortened now. */
  mayShorten: () => Promise<boolean>;
  /** Called when a job has completed, and its result is kept. */
  onCompleted?: (kind: string, jobId: string) => void;
  /** Called when a job has failed for good. */
  onFailed?: (kind: string, jobId: string) => void;
};

/** How many of the jobs that it runs a worker names in the registry. */
const SHOWN_JOBS = 20;

/** A running worker. */
export class JobWorker {
  readonly counters: Counters = { started: 0, completed: 0, failed: 0, retried: 0, putOff: 0, stalled: 0 };
  readonly #store: ProcessStore;
  /** Over a connection that waits while Redis is away. */
  readonly #patient: Store;
  readonly #log: Logger;
  readonly #taker: JobTaker;
  readonly #slots: Slots;
  readonly #lanes: readonly LaneWorker[];
  readonly #holds: Pick<Holds, 'quiet'>;
  readonly #lockWatch: LockWatch;
  readonly #locks: RunLocks;
  readonly #parts: { close(): void }[];
  /** The job that it took last. */
  #lastJob: WorkerVitals['lastJob'];

  /**
   * `patient`: over a connection that waits while Redis is away. What runs write goes
   * over it, too: what is written at once is one trip.
   */
  constructor(store: ProcessStore, patient: Store, tasks: WorkerTasks, options: WorkerOptions, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#patient = patient;
    this.#locks = tasks.locks;
    const { holds = NO_HOLDS } = tasks;
    this.#holds = holds;
    this.#taker = new JobTaker({ ...options, ...tasks, holds, store: patient, log });
    this.#slots = new Slots(options.concurrencyTotal);
    const hold = () => this.#slots.hold((lane) => holds.holds(lane));
    holds.onChange(hold);
    hold();
    const lag = watchArchiveLag(patient, store.onError('archive lag'));
    this.#lanes = this.#openLanes(tasks, options, lag.longerS);
    watchUnreadable({
      workers: this.#lanes.map(({ bullmq }) => bullmq),
      store: patient,
      lanes: options.lanes,
      retentionS: options.retentionS,
      running: this.#taker.running,
      everyMs: options.stalledIntervalMs / 2,
      onEnded: (jobId) => {
        log.error({ jobId }, UNREADABLE);
        tasks.events?.ended(kindOf(jobId), UNREADABLE_END);
        tasks.errors?.note({ jobId, kind: kindOf(jobId), ...UNREADABLE_END });
      },
      onError: store.onError('unreadable records'),
    });
    this.#lockWatch = new LockWatch({
      store,
      locks: tasks.locks,
      onLost: (jobId) => this.#stopLost(jobId),
      onError: store.onError('lock watch'),
    });
    const stopWatchingWrites = watchWrites(store, options.lanes, options.lockDurationMs, store.onError('write watch'));
    const onBack = (jobId: string) => log.info({ jobId }, 'job waits again: its worker had said that it stops, and is gone');
    const stopTakingBack = watchAnnouncedStops(store, onBack, store.onError('announced stops'));
    this.#parts = [lag, { close: stopWatchingWrites }, { close: stopTakingBack }];
  }

  /** How many jobs it runs now. */
  active(): number {
    return this.#taker.running.size;
  }

  /**
   * For how long one of its lanes has been expected to look for
   * jobs, in ms; 0 for one that runs as many as it may.
   */
  loopAgeMs(): number {
    return Math.max(...this.#lanes.map((lane) => lane.loopAgeMs()));
  }

  /** How it is now, for operators. */
  vitals(): WorkerVitals {
    const { running } = this.#taker;
    return {
      active: running.size,
      jobs: [...running].slice(0, SHOWN_JOBS),
      loopAgeMs: Math.round(this.loopAgeMs()),
      lastJob: this.#lastJob,
      quiet: this.#holds.quiet,
    };
  }

  /** Whether it can fetch jobs now. */
  fetches(): boolean {
    return this.#patient.redis.status === 'ready' && this.#lanes.every((lane) => lane.fetches());
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
    this.#slots.close();
    if (this.#patient.redis.status !== 'ready' || this.#store.monitor.trouble()) {
      this.#lockWatch.close();
      return this.#closeLanes(true); // others find the running jobs stalled
    }
    const announcement = announceStop(this.#store, this.#locks, this.#store.onError('announced stop'));
    const handBack = () => this.#lanes.forEach((lane) => lane.stopAll(new HandBack('the worker is stopping')));
    const grace = setTimeout(handBack, graceMs);
    await this.#closeLanes(false);
    clearTimeout(grace);
    announcement.close();
    this.#lockWatch.close(); // jobs can be cancelled until then
  }

  async #closeLanes(force: boolean): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close(force)));
  }

  #openLanes(tasks: WorkerTasks, options: WorkerOptions, keptLongerS: () => number): LaneWorker[] {
    const deps = {
      ...options,
      store: this.#store,
      patient: this.#patient,
      slots: this.#slots,
      locks: tasks.locks,
      keptLongerS,
      take: (taken: Parameters<JobTaker['take']>[0]) => this.#taker.take(taken, () => this.#begun(taken.id)),
      stop: (jobId: string, reason: unknown) => this.#stop(jobId, reason),
      events: this.#eventsOf(tasks),
    };
    return options.served.map((lane) => new LaneWorker(lane, deps));
  }

  #begun(id: string): void {
    this.counters.started++;
    this.#lastJob = { id, at: this.#store.clock.now() };
  }

  /** Ends a job's run, in whichever lane it is. */
  #stop(jobId: string, reason: unknown): void {
    for (const lane of this.#lanes) lane.stop(jobId, reason);
  }

  #stopLost(jobId: string): void {
    this.#stop(jobId, new LockLostError(jobId));
  }

  /** Counts and logs how jobs end. */
  #eventsOf({ onCompleted, onFailed, mayShorten, events, errors }: WorkerTasks): LaneEvents {
    const { counters } = this;
    const forgetDeadline = createForgetDeadlines(this.#patient);
    const shortener = new JournalShortener(this.#patient, mayShorten);
    return {
      onCompleted: (job, conclusion) => {
        const { id = '', name } = job;
        const { rows = [], fields, log } = conclusion ?? {};
        counters.completed++;
        forgetDeadline(id);
        shortener.add({ id, rows, result: fields?.[FIELDS.result] ?? '' });
        onCompleted?.(name, id);
        log?.done(runMsOf(job));
      },
      onFailed: (job) => {
        const { id = '', name } = job;
        counters.failed++;
        onFailed?.(name, id);
        forgetDeadline(id);
        logFailure(this.#log, job);
      },
      onRetry: (jobId) => {
        counters.retried++;
        forgetDeadline(jobId ?? '');
      },
      onPutOff: ({ id: jobId = '', name: kind }, code, author) => {
        counters.putOff++;
        errors?.note({ jobId, kind, code, outcome: 'putOff', author });
      },
      onStalled: (jobId) => {
        counters.stalled++;
        events?.again(kindOf(jobId), 'stalled', 'worker_lost');
        errors?.note({ jobId, kind: kindOf(jobId), code: 'worker_lost', outcome: 'retried' });
        this.#log.warn({ jobId }, 'job was stalled: its worker is gone');
      },
      onRunOver: (job, how, author) => {
        if (events) reportEnd(events, job, how);
        if (how === 'failed') errors?.note(errorOf(job, author));
      },
      onLost: (jobId) => this.#stopLost(jobId),
      onError: this.#store.onError('worker'),
    };
  }
}

/** The error of a run that did not complete its job. */
function errorOf({ id: jobId = '', name: kind, failedReason, finishedOn }: Job<Payload>, author: Author | undefined): JobError {
  const outcome = finishedOn === undefined ? 'retried' : 'failed';
  return { jobId, kind, code: parseReason(failedReason).code, outcome, author };
}

/** Logs that a job has failed for good. What its last run has used is in that run's own line. */
function logFailure(log: Logger, job: Job<Payload>): void {
  const { id: jobId, name: kind, data, attemptsMade, stalledCounter, failedReason } = job;
  const attempt = attemptsMade + stalledCounter;
  const { code } = parseReason(failedReason);
  const traceId = traceIdOf(data?.traceparent);
  log.warn({ jobId, requestId: data?.requestId, traceId, kind, attempt, code, ms: runMsOf(job) }, 'job failed');
}
