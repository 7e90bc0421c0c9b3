/**
 * Sends the notifications of their queue: each try is a
 * handler's, and what comes of it decides when the next one is.
 */
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { OwnError } from '../job/own-error.ts';
import { ProblemError } from '../job/problem.ts';
import { NOTIFIER_NAME } from '../jobs/process-registry.ts';
import { NOTIFICATIONS } from '../store/keys.ts';
import { atMost } from '../store/pauses.ts';
import { backendFactory, momentIn, RedisTimeBackend } from '../store/redis-time-backend.ts';
import { RedisTimeWorker } from '../store/redis-time-worker.ts';
import type { ProcessStore } from '../store/store.ts';
import { storeTrouble } from '../store/store-trouble.ts';
import { keepLooping, type WorkerLoop } from '../store/worker-loop.ts';
import type { RedisClient } from '../store/redis-client.ts';

/** A notification to be sent. Adding one with the same id again changes nothing. */
export type NewEntry<Data> = {
  id: string;
  /** The job that it is about. It is erased with that job, and with all that is its user's. */
  jobId: string;
  owner?: string | undefined;
  data: Data;
  /** When to send it, in ms from now. */
  delayMs: number;
  /** How often it is tried at most. */
  tries: number;
};

/** What is kept of a notification in BullMQ. `resent`: how often its user had it sent again. */
export type StoredNotification<Data> = { jobId: string; data: Data; resent?: number };

/** One try to send a notification. */
export type Try<Data> = {
  id: string;
  jobId: string;
  data: Data;
  /** Its number, counted from 1. */
  number: number;
  /** Aborts when the process stops. */
  signal: AbortSignal;
  /** Changes the data, before it is gone on with. */
  update(data: Data): Promise<void>;
};

/**
 * What has become of a try: it is sent; is to be tried again in so many ms, if there are tries left;
 * has failed for good, for a reason; or was not begun, and costs no try. `row`: what stands about it
 * in the log, as JSON, beside `at`: when the try began. `next`: a notification that comes of it.
 */
export type TryResult<Data> = { row?: object; next?: NewEntry<Data> | undefined } & (
  | { type: 'done' }
  | { type: 'again'; afterMs: number; reason: string }
  | { type: 'failed'; reason: string }
  | { type: 'not_now'; afterMs: number }
);

/**
 * How many are taken up at once in one process: more than are on their way, so
 * that one that finds no place is put back at once, and the next is looked at.
 */
const AT_ONCE = 300;

/**
 * The lock of a try, and how often to look for those of lost processes,
 * in ms. Another process takes a lost one up within both together.
 */
const LOCK_MS = 10_000;
const STALLED_MS = 5000;

/** How long closing waits for what is being sent, before it is broken off and after that, in ms. */
const CLOSE_MS = 1500;

/**
 * How long the list of a job's notifications is kept from the last try on that is
 * to be made again, in s: longer than those that fail after the longest pause.
 */
export const LIST_S = 8 * 24 * 3600;

/** How soon to try again after trouble of Redis, and after an error of ours, in ms. */
const TROUBLE_MS = { store: 2000, own: 60_000 };

/** What sending needs of the queue, beside the store. `send`: does one try. */
export type SenderOptions<Data> = {
  send: (tried: Try<Data>) => Promise<TryResult<Data>>;
  add: (entries: readonly NewEntry<Data>[]) => Promise<void>;
  erase: (jobIds: readonly string[]) => Promise<void>;
};

/** Sends from its making on. */
export class NotificationSender<Data> {
  readonly #store: ProcessStore;
  readonly #options: SenderOptions<Data>;
  readonly #onError: (error: unknown) => void;
  readonly #redis: RedisClient;
  readonly #worker: RedisTimeWorker<StoredNotification<Data>>;
  readonly #loop: WorkerLoop;
  readonly #stopping = new AbortController();
  /** The pause before the next try, in ms, by the error that ended the last one. */
  readonly #pauses = new WeakMap<Error, number>();

  constructor(store: ProcessStore, options: SenderOptions<Data>) {
    const patient = store.connect('wait');
    this.#store = store;
    this.#options = options;
    this.#onError = store.onError('notifications');
    this.#redis = patient.redis;
    this.#worker = new RedisTimeWorker<StoredNotification<Data>>(
      NOTIFICATIONS,
      (job, token) => this.#process(job, token),
      {
        connection: patient.redis,
        prefix: patient.keyPrefix,
        concurrency: AT_ONCE,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
        maxStalledCount: Number.MAX_SAFE_INTEGER, // a process that was killed is no fault of the notification's
        settings: { backoffStrategy: (_made, _type, error) => (error && this.#pauses.get(error)) ?? STALLED_MS },
      },
      backendFactory(patient, (...parts) => new RedisTimeBackend(store.clock, ...parts), { name: NOTIFIER_NAME }),
    );
    this.#worker.on('error', this.#onError);
    this.#worker.on('failed', (_job, error) => {
      if (!this.#pauses.has(error) && !(error instanceof UnrecoverableError)) this.#onError(error); // something of ours has failed
    });
    this.#loop = keepLooping(this.#worker, store, { isFull: () => false });
  }

  async close(): Promise<void> {
    this.#loop.close();
    if (this.#redis.status !== 'ready' || this.#store.monitor.trouble()) return this.#worker.close(true); // others find what was being sent
    const patience = setTimeout(() => this.#stopping.abort(), CLOSE_MS);
    await atMost(2 * CLOSE_MS, this.#worker.close());
    clearTimeout(patience);
  }

  async #process(job: Job<StoredNotification<Data>>, token: string | undefined): Promise<void> {
    const { jobId } = job.data;
    if (await this.#isErased(job)) return forget(job);
    const begunAt = this.#store.clock.now();
    const result = await this.#attempt(job).catch((error: unknown) => this.#toResult(error));
    if (await this.#isErased(job)) {
      await this.#options.erase([jobId]); // what was added meanwhile must not stay
      return forget(job);
    }
    if (result.row !== undefined) await job.log(JSON.stringify({ at: new Date(begunAt).toISOString(), ...result.row }));
    if (result.type === 'again') await this.#redis.expire(this.#store.keys.notifications.of(jobId), LIST_S);
    return this.#conclude(job, token, result);
  }

  async #isErased({ id = '', data }: Job<StoredNotification<Data>>): Promise<boolean> {
    return (await this.#redis.sismember(this.#store.keys.notifications.of(data.jobId), id)) === 0;
  }

  /** One try, with what comes of it. */
  async #attempt(job: Job<StoredNotification<Data>>): Promise<TryResult<Data>> {
    const { id = '', data: stored, attemptsMade } = job;
    const { jobId, data } = stored;
    const update = (changed: Data) => job.updateData({ ...stored, data: changed });
    const result = await this.#options.send({ id, jobId, data, number: attemptsMade + 1, signal: this.#stopping.signal, update });
    if (result.next && !(await this.#isErased(job))) await this.#options.add([result.next]);
    return result;
  }

  /**
   * An error that is not the receiver's. What Redis can't do now
   * costs no try; no words of an error are kept, for users see them.
   */
  #toResult(error: unknown): TryResult<never> {
    this.#onError(error);
    const isStore = storeTrouble(error) !== undefined || (error instanceof ProblemError && error.code === 'queue_unavailable');
    return isStore ? { type: 'not_now', afterMs: TROUBLE_MS.store } : { type: 'again', afterMs: TROUBLE_MS.own, reason: 'internal_error' };
  }

  /** Reports to BullMQ what has become of a try. */
  async #conclude(job: Job, token: string | undefined, result: TryResult<Data>): Promise<void> {
    switch (result.type) {
      case 'done':
        return;
      case 'failed':
        throw new UnrecoverableError(result.reason);
      case 'not_now':
        await job.moveToDelayed(momentIn(Math.ceil(result.afterMs)), token);
        throw new DelayedError();
      case 'again': {
        const error = new OwnError(result.reason);
        this.#pauses.set(error, Math.ceil(result.afterMs));
        throw error;
      }
    }
  }
}

/** Lets BullMQ delete a notification whose job was erased. While its try goes on nobody else can. */
function forget(job: Job<unknown>): void {
  job.opts.removeOnComplete = true;
}
