/** Sends the notifications of their queue: each try is a handler's, and what comes of it decides when the next one is. */
import { DelayedError, type Job, UnrecoverableError, type WorkerOptions } from 'bullmq';
import { OwnError } from '../job/own-error.ts';
import { ProblemError } from '../job/problem.ts';
import { NOTIFICATIONS } from '../store/keys.ts';
import { atMost } from '../store/pauses.ts';
import { backendFactory, momentIn, RedisTimeBackend } from '../store/redis-time-backend.ts';
import { RedisTimeWorker } from '../store/redis-time-worker.ts';
import type { NewEntry } from './notification-queue.ts';
import type { ProcessStore } from '../store/store.ts';
import { storeTrouble } from '../store/store-trouble.ts';
import { keepLooping } from '../store/worker-loop.ts';

/** What is kept of a notification in BullMQ. `resent`: how often its user had it sent again. */
export type Kept<Data> = { jobId: string; data: Data; resent?: number };

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
 * What has become of a try: it is sent; is to be tried again in so many ms, if there are tries left; has failed for good, for a reason; or
 * was not begun, and costs no try. `row`: what stands about it in the log, as JSON, beside `at`: when the try began. `next`: a notification that comes of it.
 */
export type Tried<Data> = { row?: object; next?: NewEntry<Data> | undefined } & (
  | { type: 'done' }
  | { type: 'again'; afterMs: number; reason: string }
  | { type: 'failed'; reason: string }
  | { type: 'not_now'; afterMs: number }
);

/** How many are taken up at once in one process: more than are on their way, so that one that finds no place is put back at once, and the next is looked at. */
const AT_ONCE = 300;

/** The lock of a try, and how often to look for those of lost processes, in ms. Another process takes a lost one up within both together. */
const LOCK_MS = 10_000;
const STALLED_MS = 5000;

/** How long closing waits for what is being sent, before it is broken off and after that, in ms. */
const CLOSE_MS = 1500;

/** What the sending side is made with. */
export type SenderParts<Data> = {
  store: ProcessStore;
  listOf: (jobId: string) => string;
  /** How long a list is kept, in s, from each try on that is to be made again. */
  listS: number;
  send: (tried: Try<Data>) => Promise<Tried<Data>>;
  add: (entries: readonly NewEntry<Data>[]) => Promise<void>;
  erase: (jobIds: readonly string[]) => Promise<void>;
  onError: (error: unknown) => void;
};

/** Starts to send. Returns what ends it. */
export function startSender<Data>({ store, listOf, listS, send, add, erase, onError }: SenderParts<Data>): () => Promise<void> {
  const waiting = store.connect('wait');
  const { redis, keyPrefix } = waiting;
  const stopping = new AbortController();
  /** The pause before the next try, in ms, by the error that ended the last one. */
  const pauses = new WeakMap<Error, number>();

  /** One try, with what comes of it. */
  const attempt = async (job: Job<Kept<Data>>, isErased: () => Promise<boolean>): Promise<Tried<Data>> => {
    const { id = '', data, attemptsMade } = job;
    const update = (changed: Data) => job.updateData({ ...data, data: changed });
    const tried = await send({ id, jobId: data.jobId, data: data.data, number: attemptsMade + 1, signal: stopping.signal, update });
    if (tried.next && !(await isErased())) await add([tried.next]);
    return tried;
  };

  /** Tells BullMQ what has become of a try. */
  const conclude = async (job: Job<Kept<Data>>, token: string | undefined, tried: Tried<Data>): Promise<void> => {
    switch (tried.type) {
      case 'done':
        return;
      case 'failed':
        throw new UnrecoverableError(tried.reason);
      case 'not_now':
        await job.moveToDelayed(momentIn(Math.ceil(tried.afterMs)), token);
        throw new DelayedError();
      case 'again': {
        const error = new OwnError(tried.reason);
        pauses.set(error, Math.ceil(tried.afterMs));
        throw error;
      }
    }
  };

  const process = async (job: Job<Kept<Data>>, token: string | undefined): Promise<void> => {
    const { jobId } = job.data;
    const isErased = async () => (await redis.sismember(listOf(jobId), job.id ?? '')) === 0;
    if (await isErased()) return forget(job);
    const begunAt = store.clock.now();
    const tried = await attempt(job, isErased).catch((error: unknown) => toTried(error, onError));
    if (await isErased()) {
      await erase([jobId]); // what was added meanwhile must not stay
      return forget(job);
    }
    if (tried.row !== undefined) await job.log(JSON.stringify({ at: new Date(begunAt).toISOString(), ...tried.row }));
    if (tried.type === 'again') await redis.expire(listOf(jobId), listS);
    return conclude(job, token, tried);
  };

  const options: WorkerOptions = {
    connection: redis,
    prefix: keyPrefix,
    concurrency: AT_ONCE,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    maxStalledCount: Number.MAX_SAFE_INTEGER, // a process that was killed is no fault of the notification's
    settings: { backoffStrategy: (_made, _type, error) => (error && pauses.get(error)) ?? STALLED_MS },
  };
  const makeBackend = backendFactory(waiting, (...parts) => new RedisTimeBackend(store.clock, ...parts));
  const worker = new RedisTimeWorker<Kept<Data>>(NOTIFICATIONS, process, options, makeBackend);
  worker.on('error', onError);
  worker.on('failed', (_job, error) => {
    if (!pauses.has(error) && !(error instanceof UnrecoverableError)) onError(error); // no outcome, but something of ours that failed
  });
  const loop = keepLooping(worker, store);

  return async () => {
    loop.close();
    if (redis.status !== 'ready' || store.monitor.trouble()) return worker.close(true); // others find what was being sent
    const patience = setTimeout(() => stopping.abort(), CLOSE_MS);
    await atMost(2 * CLOSE_MS, worker.close());
    clearTimeout(patience);
  };
}

/** Lets BullMQ delete a notification whose job was erased. While its try goes on nobody else can. */
function forget(job: Job<unknown>): void {
  job.opts.removeOnComplete = true;
}

/** How soon to try again after trouble of Redis, and after an error of ours, in ms. */
const TROUBLE_MS = { store: 2000, own: 60_000 };

/** An error that is not the receiver's. What Redis can't do now costs no try; and no words of an error are kept, for users see them. */
function toTried(error: unknown, onError: (error: unknown) => void): Tried<never> {
  onError(error);
  const isStore = storeTrouble(error) !== undefined || (error instanceof ProblemError && error.code === 'queue_unavailable');
  return isStore ? { type: 'not_now', afterMs: TROUBLE_MS.store } : { type: 'again', afterMs: TROUBLE_MS.own, reason: 'internal_error' };
}
