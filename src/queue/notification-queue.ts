/** The queue of notifications: a BullMQ queue beside that of jobs, so that a receiver that is slow or away holds back no job. */
import { DelayedError, type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import { OwnError } from '../job/own-error.ts';
import type { Keys } from './keys.ts';
import { atMost } from './pauses.ts';
import { orUnavailable } from './redis-connection.ts';
import { parseJson } from './record.ts';
import type { Store } from './store.ts';
import { keepLooping } from './worker-loop.ts';

/** A notification to be sent. Adding one with the same id again changes nothing. */
export type NewEntry<Data> = {
  id: string;
  /** The job that it is about. It is erased with that job. */
  jobId: string;
  data: Data;
  /** When to send it, in ms from now. */
  delayMs: number;
  /** How often it is tried at most. */
  tries: number;
};

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
 * was not begun, and costs no try. `row`: what stands about it in the log, as JSON.
 */
export type Tried = { row?: unknown } & (
  | { type: 'done' }
  | { type: 'again'; afterMs: number; reason: string }
  | { type: 'failed'; reason: string }
  | { type: 'not_now'; afterMs: number }
);

/** A notification as it stands. Times are ms since the epoch. */
export type Entry<Data> = {
  id: string;
  data: Data;
  state: 'waiting' | 'done' | 'failed';
  createdAt: number;
  /** Why it failed. */
  reason?: string | undefined;
  /** When it is tried next. */
  nextAt?: number | undefined;
  /** What was logged of its tries. */
  rows: unknown[];
};

/** See the file's head. */
export type NotificationQueue<Data> = {
  add(entries: readonly NewEntry<Data>[]): Promise<void>;
  /** The notifications of a job, the oldest first. */
  of(jobId: string): Promise<Entry<Data>[]>;
  /** Sends a notification again, or now if it waits. */
  retry(id: string): Promise<void>;
  /** Erases the notifications of jobs. One that is being sent goes when that is over. */
  erase(jobIds: readonly string[]): Promise<void>;
  /** Begins to send. */
  start(send: (tried: Try<Data>) => Promise<Tried>): void;
  close(): Promise<void>;
};

/** The name of BullMQ's queue. */
const NAME = 'ai-jobs-notifications';

/** How many are being sent at once in one process. Each mostly waits for a receiver. */
const AT_ONCE = 50;

/** How long what was sent, and what has failed, can be looked up, in s. */
const KEPT_S = { done: 2 * 24 * 3600, failed: 7 * 24 * 3600 };

/** How long the list of a job's notifications is kept, in s: longer than any of them. */
const LIST_S = 10 * 24 * 3600;

/** How many rows of log one keeps. */
const ROWS_KEPT = 50;

/** The lock of a try, and how often to look for those of lost processes, in ms. Another process takes a lost one up within both together. */
const LOCK_MS = 10_000;
const STALLED_MS = 5000;

/** How long closing waits for what is being sent, before it is broken off and after that, in ms. */
const CLOSE_MS = 1500;

/** What is kept of a notification in BullMQ. */
type Record<Data> = { jobId: string; data: Data };

/** Opens it over the store, which is its maker's to close. */
export function openNotificationQueue<Data>(store: Store, keys: Keys, keyPrefix: string): NotificationQueue<Data> {
  const { redis, onError } = store;
  const queue = new Queue<Record<Data>>(NAME, { connection: redis, prefix: keyPrefix, streams: { events: { maxLen: 100 } } });
  queue.on('error', () => {}); // the connection's maker hears of its errors
  const listOf = keys.notifications.of;
  let closeWorker = async (): Promise<void> => {};

  const add = async (entries: readonly NewEntry<Data>[]): Promise<void> => {
    const lists = redis.multi();
    for (const { jobId, id } of entries) lists.sadd(listOf(jobId), id).expire(listOf(jobId), LIST_S);
    const results = await lists.exec(); // first, so that none is sent that erasing would not find
    const failed = results?.find(([error]) => error)?.[0];
    if (failed) throw failed;
    await queue.addBulk(
      entries.map(({ id, jobId, data, delayMs, tries }) => ({
        name: 'notification',
        data: { jobId, data },
        opts: {
          jobId: id,
          delay: Math.max(Math.ceil(delayMs), 0),
          attempts: tries,
          backoff: { type: 'custom' },
          keepLogs: ROWS_KEPT,
          removeOnComplete: { age: KEPT_S.done },
          removeOnFail: { age: KEPT_S.failed },
          stackTraceLimit: 1,
        },
      })),
    );
  };

  const find = async (id: string): Promise<Entry<Data>[]> => {
    const job: Job<Record<Data>> | undefined = await queue.getJob(id);
    if (!job) return [];
    const [state, { logs }, score] = await Promise.all([job.getState(), queue.getJobLogs(id), redis.zscore(queue.toKey('delayed'), id)]);
    return [
      {
        id,
        data: job.data.data,
        state: state === 'completed' ? 'done' : state === 'failed' ? 'failed' : 'waiting',
        createdAt: job.timestamp,
        reason: state === 'failed' ? job.failedReason : undefined,
        nextAt: score === null ? undefined : Math.floor(Number(score) / 0x1000), // BullMQ keeps a counter in the low 12 bits
        rows: logs.map(parseJson),
      },
    ];
  };

  return {
    add: (entries) => orUnavailable(redis, () => add(entries)),
    of: (jobId) =>
      orUnavailable(redis, async () => {
        const ids = await redis.smembers(listOf(jobId));
        return (await Promise.all(ids.map(find))).flat().toSorted((one, other) => one.createdAt - other.createdAt);
      }),
    retry: (id) =>
      orUnavailable(redis, async () => {
        const job = await queue.getJob(id);
        const state = await job?.getState();
        if (state === 'completed' || state === 'failed') await job?.retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true });
        else if (state === 'delayed') await job?.promote();
      }),
    erase: (jobIds) =>
      orUnavailable(redis, async () => {
        for (const jobId of jobIds) {
          const ids = await redis.smembers(listOf(jobId));
          await redis.del(listOf(jobId)); // one that is being sent finds that it is not listed any more
          await Promise.all(ids.map((id) => queue.remove(id)));
        }
      }),
    start(send) {
      closeWorker = startWorker({ store, keyPrefix, listOf, send, onError: onError('notifications') });
    },
    async close() {
      await closeWorker();
      await queue.close();
    },
  };
}

/** What the sending side is made with. */
type WorkerParts<Data> = {
  store: Store;
  keyPrefix: string;
  listOf: (jobId: string) => string;
  send: (tried: Try<Data>) => Promise<Tried>;
  onError: (error: unknown) => void;
};

/** Starts to send. Returns what ends it. */
function startWorker<Data>({ store, keyPrefix, listOf, send, onError }: WorkerParts<Data>): () => Promise<void> {
  const redis = store.connect('wait');
  const stopping = new AbortController();
  /** The pause before the next try, in ms, by the error that ended the last one. */
  const pauses = new WeakMap<Error, number>();

  const process = async (job: Job<Record<Data>>, token: string | undefined): Promise<void> => {
    const { id = '', data, attemptsMade } = job;
    const isErased = async () => (await redis.sismember(listOf(data.jobId), id)) === 0;
    if (await isErased()) return forget(job);
    const tried = await send({
      id,
      ...data,
      number: attemptsMade + 1,
      signal: stopping.signal,
      update: (changed) => job.updateData({ ...data, data: changed }),
    });
    if (await isErased()) return forget(job);
    if (tried.row !== undefined) await job.log(JSON.stringify(tried.row));
    switch (tried.type) {
      case 'done':
        return;
      case 'failed':
        throw new UnrecoverableError(tried.reason);
      case 'not_now':
        await job.moveToDelayed(Date.now() + Math.ceil(tried.afterMs), token);
        throw new DelayedError();
      case 'again': {
        const error = new OwnError(tried.reason);
        pauses.set(error, Math.ceil(tried.afterMs));
        throw error;
      }
    }
  };

  const worker = new Worker<Record<Data>>(NAME, process, {
    connection: redis,
    prefix: keyPrefix,
    concurrency: AT_ONCE,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    maxStalledCount: Number.MAX_SAFE_INTEGER, // a process that was killed is no fault of the notification's
    settings: { backoffStrategy: (_made, _type, error) => (error && pauses.get(error)) ?? STALLED_MS },
  });
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
