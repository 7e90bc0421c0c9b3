/**
 * Takes a job that BullMQ gave to this worker: counts its lost
 * workers, isolates it, runs it and settles how it went.
 */
import type { Logger } from 'pino';
import { parseReason } from '../../src/job/problem.ts';
import { createFairQueue, type FairQueue } from '../../src/jobs/fair-queue.ts';
import type { Progress } from '../../src/job/snapshot.ts';
import { createJournals, type Journal, LockLostError } from './journal.ts';
import type { Author } from '../../src/job/snapshot.ts';
import { FIELDS, type Payload, type RecordFields } from '../../src/job/record.ts';
import { traceIdOf } from '../../src/job/trace-parent.ts';
import { HANDS_ON, type Tracer } from '../../src/traces/tracer.ts';
import { NewerInputError } from './retry-policy.ts';
import { RunCounters } from './run-counters.ts';
import { NO_RUN_EVENTS, type RunEvents } from './run-events.ts';
import { type RunIdentity, RunLog } from './run-log.ts';
import { RunSpan } from './run-span.ts';
import type { Lane } from '../../src/store/keys.ts';
import type { Holds } from './holds.ts';
import type { RunLocks } from './run-locks.ts';
import type { Store } from '../../src/store/store.ts';
import { Isolation } from './isolation.ts';
import { SpacedPickups } from './spaced-pickups.ts';
import { createCountGiveBack, createSettle, type EndedAttempt, noteServed, type SettleOptions, type SettleResult } from './settle.ts';
import type { Task } from './task.ts';

/** BullMQ's job, as far as it is needed. */
export type ActiveJob = EndedAttempt['job'] & {
  data: Payload;
  attemptsStarted: number;
  stalledCounter: number;
  failedReason: string;
  /** How far it is, as its journal keeps it. */
  progress?: unknown;
  timestamp: number;
  /** The pause that was intended when it was added, in ms. */
  delay?: number;
};

/** A job with what BullMQ gave along. `lane`: where it was. `stop` aborts the signal. */
export type JobPickup = { job: ActiveJob; id: string; token: string; lane: Lane } & Pick<Task, 'signal' | 'stop'>;

/**
 * What has become of the job: it can be completed, which has to write
 * these fields, and its journal has these rows; or what settling says.
 * `author`: whom the run has asked last, or would have asked.
 */
export type TakeResult = (Conclusion | SettleResult) & { author?: Author | undefined };

/** A run that came to its end. `log`: what its last line is written by. */
export type Conclusion = { type: 'done'; fields: RecordFields; rows: readonly string[]; log: RunLog };

/** What taking jobs needs. */
export type TakeOptions = Pick<SettleOptions, 'findDoers' | 'backoffMs'> & {
  store: Store;
  locks: Pick<RunLocks, 'hold' | 'retake'>;
  holds: Pick<Holds, 'holds'>;
  /** Runs a job. Resolves with the fields that its completion has to write. */
  run: (task: Task, journal: Journal) => Promise<RecordFields>;
  maxStalledCount: number;
  /** How much of what runs have written is remembered, in bytes. */
  journalMemoryBytes?: number | undefined;
  /** The limiter's rate. */
  rate: { max: number; duration: number };
  log: Logger;
  /** Takes what happens, to count it. */
  events?: RunEvents | undefined;
  /** Takes a span for each run. */
  tracer?: Tracer | undefined;
  /** Who does each kind here, for the log. */
  authors?: ReadonlyMap<string, Author> | undefined;
};

/** The reason of a job that has lost its workers too often. */
const WORKER_LOST = 'worker_lost: The workers that ran this job were lost each time; it was not tried again.';

/** How soon a job that can't run now is picked up again, in ms, at the earliest. */
const NOT_NOW_MS = 300;

/** So many takes of a job may have been for nothing. After that a lost worker counts as always. */
const MOST_UNBEGUN = 5;

/** The same for a job of a paused kind in the queue that all kinds share, in ms. */
const PAUSED_MS = 5000;

/** Takes jobs. It knows which ones run in this process. */
export class JobTaker {
  /** The jobs that run here. */
  readonly running = new Set<string>();
  readonly #options: TakeOptions;
  readonly #openJournal: ReturnType<typeof createJournals>;
  readonly #fairQueues = new Map<Lane, FairQueue>();
  readonly #isolation: Isolation;
  readonly #settle: ReturnType<typeof createSettle>;
  /** When jobs that can't run beside others are picked up again. */
  readonly #pickups: SpacedPickups;
  readonly #countGiveBack;
  readonly #forgetStall;

  constructor(options: TakeOptions) {
    const { store, locks, journalMemoryBytes: memoryBytes } = options;
    this.#options = options;
    this.#openJournal = createJournals(store, { locks, memoryBytes });
    this.#isolation = new Isolation(options.maxStalledCount);
    this.#pickups = new SpacedPickups(options.rate);
    this.#countGiveBack = createCountGiveBack(store);
    this.#forgetStall = store.script(new URL('scripts/forget_stall.lua', import.meta.url), { keys: ['job'], args: ['most'] });
    this.#settle = createSettle({ ...options, pickups: new SpacedPickups(options.rate) });
  }

  /**
   * Takes a job. Rejects only where the job is not this worker's
   * any more, or Redis fails. `onStart`: the job is run now.
   */
  async take(taken: JobPickup, onStart: () => void): Promise<TakeResult> {
    const { job, id, token, lane } = taken;
    const { store, maxStalledCount, locks } = this.#options;
    if (this.#options.holds.holds(job.name)) return this.#giveBack(taken);
    await this.#forgetUnbegun(job, id);
    const counted = new RunCounters(store, id, job.stalledCounter);
    const losses = await counted.losses(itemsOf(job));
    if (losses.counted > maxStalledCount) return { type: 'failed', reason: WORKER_LOST, author: this.#options.authors?.get(job.name) };
    // An old run of this job that was thought lost may still go on
    // here. Its end would stop the renewal of the new run's lock.
    if (this.running.has(id) || !this.#isolation.admit({ id, losses: losses.all })) {
      await job.moveToDelayed(this.#pickups.next(NOT_NOW_MS), token);
      return { type: 'delayed' };
    }
    onStart();
    this.running.add(id);
    locks.hold(id, { token, lane, started: job.attemptsStarted, stalls: job.stalledCounter });
    try {
      return await this.#run(taken, counted);
    } finally {
      this.running.delete(id);
      this.#isolation.leave(id);
    }
  }

  /**
   * A job may be given to a worker whose connection was given up meanwhile, because Redis stood still:
   * nobody has begun it, and BullMQ finds it without a worker. That is no attempt and no loss. A run
   * writes its first row before it asks anybody, so a job without a row has not begun.
   */
  async #forgetUnbegun(job: ActiveJob, id: string): Promise<void> {
    if (job.stalledCounter !== 1) return;
    const { store } = this.#options;
    const touched = { job: store.keys.job(id), most: MOST_UNBEGUN };
    if ((await store.retryWhileRefused(() => this.#forgetStall(touched))) === 1) job.stalledCounter = 0;
  }

  /**
   * Gives back a job that is paused: it was fetched in the moment before, or waits in the queue that
   * all kinds share, where it must not be the next one again. It has not begun.
   */
  async #giveBack({ job, id, token, lane }: JobPickup): Promise<TakeResult> {
    const { store } = this.#options;
    await store.retryWhileRefused(() => this.#countGiveBack({ job: store.keys.job(id), starts: job.attemptsStarted }));
    if (lane === undefined) {
      await job.moveToDelayed(this.#pickups.next(PAUSED_MS), token);
      return { type: 'delayed' };
    }
    await job.moveToWait(token);
    return { type: 'waiting' };
  }

  async #run(taken: JobPickup, counted: RunCounters): Promise<TakeResult> {
    const { run, log, authors, tracer = HANDS_ON } = this.#options;
    const { job, id, token } = taken;
    const task = toTask(taken, tracer, (identity) => new RunLog(log, identity, authors?.get(identity.kind)));
    const { span } = task;
    void this.#reportStart(task, job);
    const journal = this.#openJournal(task);
    const fairQueue = this.#fairQueueOf(taken.lane);
    try {
      await counted.started();
      const fields = await run(task, journal);
      noteServed(fairQueue, job);
      span.ended('completed');
      return { type: 'done', fields, rows: journal.rows, log: task.log };
    } catch (error) {
      logEnd(task.log, error);
      const settling = this.#settle({ job, id, token, journal, counted, fairQueue }, error);
      span.ended(await settling.then(outcomeOf, () => 'lost'), error);
      return { ...(await settling), author: task.log.author };
    }
  }

  /** Logs and reports that a run begins, with the wait of its job. A pause that was intended is no wait. */
  async #reportStart({ id, kind, fresh, log }: Task, { timestamp, delay = 0, stalledCounter }: ActiveJob): Promise<void> {
    const { store, events = NO_RUN_EVENTS } = this.#options;
    const now = store.clock.now();
    const started = (ready: number | undefined): void => {
      const waitMs = ready === undefined ? undefined : Math.max(now - ready, 0);
      log.started(waitMs);
      events.started(kind, waitMs);
    };
    if (fresh) return started(timestamp + delay);
    // When a lost job could begin again nobody has noted.
    const ready = stalledCounter > 0 ? null : await store.redis.hget(store.keys.job(id), FIELDS.ready).catch(() => null);
    started(ready === null ? undefined : Number(ready));
  }

  #fairQueueOf(lane: Lane): FairQueue {
    const fairQueue = this.#fairQueues.get(lane) ?? createFairQueue(this.#options.store, lane);
    this.#fairQueues.set(lane, fairQueue);
    return fairQueue;
  }
}

/** How many items a job has finished; 0 where that can't be read. */
function itemsOf({ progress }: ActiveJob): number {
  return Number((progress as Partial<Progress> | undefined)?.items) || 0;
}

/** Logs how a run ended that did not complete its job. */
function logEnd(log: RunLog, error: unknown): void {
  if (error instanceof LockLostError) {
    return log.ended('info', error, "the job is not this run's any more: it was cancelled, or another worker has it");
  }
  if (error instanceof NewerInputError) return log.ended('info', error, `job is given back: ${error.message}`);
  log.ended('warn', error, 'job attempt ended');
}

/** What becomes of a job whose run did not complete it, for its span. */
function outcomeOf(settled: SettleResult): string {
  if (settled.type !== 'error') return settled.type;
  return settled.error instanceof LockLostError ? 'lost' : 'retried';
}

function toTask({ job, id, token, lane, signal, stop }: JobPickup, tracer: Tracer, createLog: (identity: RunIdentity) => RunLog): Task {
  const attempt = 1 + job.attemptsMade + job.stalledCounter;
  const { tenant, owner, targets, reserved, requestId, traceparent, parent, v, next, nextV, input } = job.data;
  return {
    id,
    token,
    signal,
    stop,
    kind: job.name,
    tenant,
    owner,
    targets,
    reserved,
    requestId,
    parent,
    v,
    next,
    nextV,
    input,
    log: createLog({ jobId: id, requestId, traceId: traceIdOf(traceparent), kind: job.name, attempt }),
    span: new RunSpan(tracer, { kind: job.name, jobId: id, lane, attempt, parent: traceparent }),
    attempt,
    fresh: job.attemptsStarted === 1,
    // Why the attempt before ended: for the reason that BullMQ kept, or because its worker was lost.
    previous: job.failedReason ? parseReason(job.failedReason).code : 'worker_lost',
  };
}
