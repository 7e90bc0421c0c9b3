/** The queue of notifications: a BullMQ queue beside that of jobs, so that a receiver that is slow or away holds back no job. */
import { type Job, Queue } from 'bullmq';
import { type Keys, NOTIFICATIONS } from './keys.ts';
import { type Kept, startSender, type Tried, type Try } from './notification-sender.ts';
import { orUnavailable } from './redis-connection.ts';
import { parseJson } from './record.ts';
import type { Store } from './store.ts';

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

/** How many notifications there are. */
export type NotificationCounts = { waiting: number; failed: number };

/** See the file's head. */
export type NotificationQueue<Data> = {
  add(entries: readonly NewEntry<Data>[]): Promise<void>;
  /** The notifications of a job, the oldest first. */
  of(jobId: string): Promise<Entry<Data>[]>;
  /** Sends a notification again, or now if it waits. */
  retry(id: string): Promise<void>;
  /** Erases the notifications of jobs. One that is being sent goes when that is over. */
  erase(jobIds: readonly string[]): Promise<void>;
  /** How many wait, those for another try included, and how many have failed in the last seven days. */
  counts(): Promise<NotificationCounts>;
  /** Begins to send. */
  start(send: (tried: Try<Data>) => Promise<Tried>): void;
  close(): Promise<void>;
};

/** How long what was sent, and what has failed, can be looked up, in s. */
const KEPT_S = { done: 2 * 24 * 3600, failed: 7 * 24 * 3600 };

/** How long the list of a job's notifications is kept, in s: longer than any of them. */
const LIST_S = 10 * 24 * 3600;

/** How many rows of log one keeps. */
const ROWS_KEPT = 50;

/** Opens it over the store, which is its maker's to close. */
export function openNotificationQueue<Data>(store: Store, keys: Keys, keyPrefix: string): NotificationQueue<Data> {
  const { redis, onError } = store;
  const queue = new Queue<Kept<Data>>(NOTIFICATIONS, { connection: redis, prefix: keyPrefix, streams: { events: { maxLen: 100 } } });
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
    const job: Job<Kept<Data>> | undefined = await queue.getJob(id);
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
    counts: () =>
      orUnavailable(redis, async () => {
        const { failed = 0, ...others } = await queue.getJobCounts('waiting', 'delayed', 'active', 'failed');
        return { waiting: Object.values(others).reduce((sum, count) => sum + count, 0), failed };
      }),
    start(send) {
      closeWorker = startSender({ store, keyPrefix, listOf, send, onError: onError('notifications') });
    },
    async close() {
      await closeWorker();
      await queue.close();
    },
  };
}
