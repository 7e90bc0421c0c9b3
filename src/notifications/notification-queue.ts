/** The queue of notifications: a BullMQ queue beside that of jobs, so that a receiver that is slow or away holds back no job. */
import { type Job, Queue } from 'bullmq';
import { NOTIFICATIONS } from '../store/keys.ts';
import { type Kept, startSender, type Tried, type Try } from './notification-sender.ts';
import { parseJson } from '../job/parse-json.ts';
import type { ProcessStore } from '../store/store.ts';

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

/** A notification as it stands. Times are ms since the epoch. */
export type Entry<Data> = {
  id: string;
  data: Data;
  state: 'waiting' | 'done' | 'failed';
  createdAt: number;
  /** How often it was sent again on demand. */
  resent: number;
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
  /** Sends a notification of a user's job again, or now if it waits. */
  retry(entry: { jobId: string; id: string; owner: string }): Promise<void>;
  /** Whether those of a job may be sent again now, or else in how many ms: it was just asked for. */
  mayRetry(jobId: string): Promise<{ afterMs: number }>;
  /** Erases the notifications of jobs. One that is being sent goes when that is over. `owner`: whose jobs they are, where that is known. */
  erase(jobIds: readonly string[], owner?: string): Promise<void>;
  /** Erases all that are a user's, those of jobs that are forgotten, too. */
  eraseUser(owner: string): Promise<void>;
  /** How many wait, those for another try included, and how many have failed in the last seven days. */
  counts(): Promise<NotificationCounts>;
  /** Begins to send. */
  start(send: (tried: Try<Data>) => Promise<Tried<Data>>): void;
  close(): Promise<void>;
};

/** How long what was sent, and what has failed, can be looked up, in s. */
const KEPT_S = { done: 2 * 24 * 3600, failed: 7 * 24 * 3600 };

/**
 * How long the list of a job's notifications is kept from the last try on that is to be made again, in s: longer than those that fail after the longest
 * pause. And a user's set of jobs from the last one on: longer than the lists, which can go on for five days.
 */
const LIST_S = 8 * 24 * 3600;
const SET_S = 14 * 24 * 3600;

/** Of how many of a user's jobs it is looked whether their lists are over, each time that one is listed. */
const LOOKED = 4;

/** How soon those of one job may be sent again after that was asked for, in ms. */
const AGAIN_MS = 10_000;

/** How often to delete those that are too old, in ms, and how many in one step. BullMQ does it only when another one ends in the same way. */
const CLEAN_MS = 3_600_000;
const CLEANED = 1000;

/** How many rows of log one keeps. */
const ROWS_KEPT = 50;

/** Opens it over the store, which is its maker's to close. */
export function openNotificationQueue<Data>(store: ProcessStore): NotificationQueue<Data> {
  const { redis, keys, keyPrefix, clock } = store;
  const queue = new Queue<Kept<Data>>(NOTIFICATIONS, { connection: redis, prefix: keyPrefix, streams: { events: { maxLen: 100 } } });
  queue.on('error', () => {}); // the connection's maker hears of its errors
  const { of: listOf, ofUser, again } = keys.notifications;
  const listNotifications = store.script(new URL('scripts/list_notifications.lua', import.meta.url), {
    keys: ['list', 'ofUser', 'lists'],
    args: ['jobId', 'owned', 'listS', 'setS', 'looked'],
  });
  let closeWorker = async (): Promise<void> => {};
  let cleaning: ReturnType<typeof setInterval> | undefined;

  const list = async ({ jobId, id, owner }: Pick<NewEntry<Data>, 'jobId' | 'id' | 'owner'>): Promise<void> => {
    const touched = { list: listOf(jobId), ofUser: ofUser(owner ?? ''), lists: listOf('') };
    await listNotifications({ ...touched, jobId, owned: owner === undefined ? 0 : 1, listS: LIST_S, setS: SET_S, looked: LOOKED }, [id]);
  };

  const add = async (entries: readonly NewEntry<Data>[]): Promise<void> => {
    await Promise.all(entries.map(list)); // first, so that none is sent that erasing would not find
    await queue.addBulk(
      entries.map(({ id, jobId, data, delayMs, tries }) => ({
        name: 'notification',
        data: { jobId, data },
        opts: {
          jobId: id,
          timestamp: clock.now(),
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

  const erase = async (jobIds: readonly string[], owner?: string): Promise<void> => {
    if (owner !== undefined && jobIds.length > 0) await redis.srem(ofUser(owner), ...jobIds);
    for (const jobId of jobIds) {
      const ids = await redis.smembers(listOf(jobId));
      await redis.del(listOf(jobId)); // one that is being sent finds that it is not listed any more
      await Promise.all(ids.map((id) => queue.remove(id)));
    }
  };

  const clean = async (): Promise<void> => {
    const aheadMs = clock.aheadMs() ?? 0; // BullMQ counts back from this process' own time
    const cleanAll = async (keptS: number, state: 'completed' | 'failed'): Promise<void> => {
      while ((await queue.clean(keptS * 1000 + aheadMs, CLEANED, state)).length === CLEANED);
    };
    await cleanAll(KEPT_S.done, 'completed');
    await cleanAll(KEPT_S.failed, 'failed');
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
        resent: Number(job.data.resent) || 0,
        reason: state === 'failed' ? job.failedReason : undefined,
        nextAt: score === null ? undefined : Math.floor(Number(score) / 0x1000), // BullMQ keeps a counter in the low 12 bits
        rows: logs.map(parseJson),
      },
    ];
  };

  return {
    add: (entries) => store.orUnavailable(() => add(entries)),
    of: (jobId) =>
      store.orUnavailable(async () => {
        const ids = await redis.smembers(listOf(jobId));
        const found = (await Promise.all(ids.toSorted().map(find))).flat();
        return found.toSorted((one, other) => one.createdAt - other.createdAt);
      }),
    retry: (entry) =>
      store.orUnavailable(async () => {
        const job = await queue.getJob(entry.id);
        if (!job) return;
        await list(entry);
        await job.updateData({ ...job.data, resent: (Number(job.data.resent) || 0) + 1 });
        const state = await job.getState();
        const resets = { resetAttemptsMade: true, resetAttemptsStarted: true };
        if (state === 'completed' || state === 'failed') await job.retry(state, resets).catch(ignoreMoved);
        else if (state === 'delayed') await job.promote().catch(ignoreMoved);
      }),
    mayRetry: (jobId) =>
      store.orUnavailable(async () => {
        if (await redis.set(again(jobId), '1', 'PX', AGAIN_MS, 'NX')) return { afterMs: 0 };
        return { afterMs: Math.max(await redis.pttl(again(jobId)), 1) };
      }),
    erase: (jobIds, owner) => store.orUnavailable(() => erase(jobIds, owner)),
    eraseUser: (owner) =>
      store.orUnavailable(async () => {
        await erase(await redis.smembers(ofUser(owner)));
        await redis.del(ofUser(owner));
      }),
    counts: () =>
      store.orUnavailable(async () => {
        const { failed = 0, ...others } = await queue.getJobCounts('waiting', 'delayed', 'active', 'failed');
        return { waiting: Object.values(others).reduce((sum, count) => sum + count, 0), failed };
      }),
    start(send) {
      closeWorker = startSender({ store, listOf, listS: LIST_S, send, add, erase, onError: store.onError('notifications') });
      const cleanNow = (): void => void clean().catch(store.onError('notifications'));
      cleanNow(); // a process may never get as old as the interval
      cleaning = setInterval(cleanNow, CLEAN_MS);
      cleaning.unref();
    },
    async close() {
      clearInterval(cleaning);
      await closeWorker();
      await queue.close();
    },
  };
}

/** One that is not where it was any more: another request was faster, or its time had come. BullMQ's own errors have a number for a code. */
function ignoreMoved(error: unknown): void {
  if (typeof (error as { code?: unknown }).code !== 'number') throw error;
}
