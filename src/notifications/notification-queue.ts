/**
 * The queue of notifications: a BullMQ queue beside that of jobs,
 * so that a receiver that is slow or away holds back no job.
 */
import { type Job, Queue } from 'bullmq';
import { NOTIFICATIONS } from '../store/keys.ts';
import { parseJson } from '../job/parse-json.ts';
import { LIST_S, type NewEntry, NotificationSender, type StoredNotification, type Try, type TryResult } from './notification-sender.ts';
import type { Script } from '../store/script.ts';
import type { ProcessStore } from '../store/store.ts';

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

/** A notification that has failed. `at`: when, in ms since the epoch. */
export type FailedEntry<Data> = { id: string; jobId: string; data: Data; at: number; reason: string };

/** A page of them. `next`: the place of the last one, if there are more. */
export type FailedPage<Data> = { failed: FailedEntry<Data>[]; next?: { id: string; score: string } | undefined };

/** How many notifications there are. */
export type NotificationCounts = { waiting: number; failed: number };

/** How long what was sent, and what has failed, can be looked up, in s. */
const KEPT_S = { done: 2 * 24 * 3600, failed: 7 * 24 * 3600 };

/**
 * How long a user's set of jobs is kept from the last one on, in s: longer
 * than the lists of their notifications, which can go on for five days.
 */
const SET_S = 14 * 24 * 3600;

/**
 * Each time a notification is listed, so many of the user's jobs are looked at: those whose
 * lists are over leave the user's set.
 */
const LOOKED = 4;

/** How soon those of one job may be sent again after that was asked for, in ms. */
const AGAIN_MS = 10_000;

/**
 * How often to delete those that are too old, in ms, and how many in
 * one step. BullMQ does it only when another one ends in the same way.
 */
const CLEAN_MS = 3_600_000;
const CLEANED = 1000;

/** How many rows of log one keeps. */
const ROWS_KEPT = 50;

/**
 * The queue, over a store that is its maker's to close. Calls
 * reject with `queue_unavailable` while Redis is away.
 */
export class NotificationQueue<Data> {
  readonly #store: ProcessStore;
  readonly #queue: Queue<StoredNotification<Data>>;
  readonly #list: Script<'list' | 'ofUser' | 'lists', 'jobId' | 'owned' | 'listS' | 'setS' | 'looked'>;
  #sender: NotificationSender<Data> | undefined;
  #cleaning: ReturnType<typeof setInterval> | undefined;

  constructor(store: ProcessStore) {
    const { redis: connection, keyPrefix: prefix } = store;
    this.#store = store;
    this.#queue = new Queue<StoredNotification<Data>>(NOTIFICATIONS, { connection, prefix, streams: { events: { maxLen: 100 } } });
    this.#queue.on('error', () => {}); // the connection's maker hears of its errors
    this.#list = store.script(new URL('scripts/list_notifications.lua', import.meta.url), {
      keys: ['list', 'ofUser', 'lists'],
      args: ['jobId', 'owned', 'listS', 'setS', 'looked'],
    });
  }

  async add(entries: readonly NewEntry<Data>[]): Promise<void> {
    return this.#store.orUnavailable(() => this.#add(entries));
  }

  /** The notifications of a job, the oldest first. */
  async of(jobId: string): Promise<Entry<Data>[]> {
    return this.#store.orUnavailable(async () => {
      const ids = await this.#idsOf(jobId);
      const found = (await Promise.all(ids.toSorted().map((id) => this.#find(id)))).flat();
      return found.toSorted((one, other) => one.createdAt - other.createdAt);
    });
  }

  /** Failed notifications, the newest first: so many after a place, which an earlier page ended at. */
  async failed(limit: number, after?: { score: string; id: string }): Promise<FailedPage<Data>> {
    const { redis } = this.#store;
    const key = this.#queue.toKey('failed');
    return this.#store.orUnavailable(async () => {
      const rank = after && (await redis.zrevrank(key, after.id));
      const from = after ? (rank === null || rank === undefined ? await redis.zcount(key, `(${after.score}`, '+inf') : rank + 1) : 0;
      const pairs = await redis.zrevrange(key, from, from + limit, 'WITHSCORES');
      const places = pairs.flatMap((id, n) => (n % 2 === 0 ? [{ id, score: pairs[n + 1] ?? '' }] : []));
      const shown = places.slice(0, limit);
      const failed = (await Promise.all(shown.map(({ id, score }) => this.#failedOne(id, Number(score))))).flat();
      return { failed, next: places.length > limit ? shown.at(-1) : undefined };
    });
  }

  /** A notification that has failed; undefined where there is none of this id. */
  async failedOne(id: string): Promise<FailedEntry<Data> | undefined> {
    return this.#store.orUnavailable(async () => {
      const score = await this.#store.redis.zscore(this.#queue.toKey('failed'), id);
      return score === null ? undefined : (await this.#failedOne(id, Number(score)))[0];
    });
  }

  async #failedOne(id: string, at: number): Promise<FailedEntry<Data>[]> {
    const job: Job<StoredNotification<Data>> | undefined = await this.#queue.getJob(id);
    return job ? [{ id, jobId: job.data.jobId, data: job.data.data, at, reason: job.failedReason }] : [];
  }

  /** Sends a notification of a user's job again, or now if it waits. */
  async resend(entry: { jobId: string; id: string; owner?: string | undefined }): Promise<void> {
    return this.#store.orUnavailable(async () => {
      const job = await this.#queue.getJob(entry.id);
      if (!job) return;
      await this.#enlist(entry);
      await job.updateData({ ...job.data, resent: (Number(job.data.resent) || 0) + 1 });
      const state = await job.getState();
      const resets = { resetAttemptsMade: true, resetAttemptsStarted: true };
      if (state === 'completed' || state === 'failed') await job.retry(state, resets).catch(ignoreMoved);
      else if (state === 'delayed') await job.promote().catch(ignoreMoved);
    });
  }

  /** Whether those of a job may be sent again now, or else in how many ms: it was just asked for. */
  async mayResend(jobId: string): Promise<{ afterMs: number }> {
    const { redis, keys } = this.#store;
    const again = keys.notifications.again(jobId);
    return this.#store.orUnavailable(async () => {
      if (await redis.set(again, '1', 'PX', AGAIN_MS, 'NX')) return { afterMs: 0 };
      return { afterMs: Math.max(await redis.pttl(again), 1) };
    });
  }

  /**
   * Erases the notifications of jobs. One that is being sent goes when
   * that is over. `owner`: whose jobs they are, where that is known.
   */
  async erase(jobIds: readonly string[], owner?: string): Promise<void> {
    return this.#store.orUnavailable(() => this.#erase(jobIds, owner));
  }

  /** Erases all that are a user's, those of jobs that are forgotten, too. */
  async eraseUser(owner: string): Promise<void> {
    const { redis, keys } = this.#store;
    const ofUser = keys.notifications.ofUser(owner);
    return this.#store.orUnavailable(async () => {
      await this.#erase(await redis.smembers(ofUser));
      await redis.del(ofUser);
    });
  }

  /** How many wait, those for another try included, and how many have failed in the last seven days. */
  async counts(): Promise<NotificationCounts> {
    return this.#store.orUnavailable(async () => {
      const { failed = 0, ...others } = await this.#queue.getJobCounts('waiting', 'delayed', 'active', 'failed');
      return { waiting: Object.values(others).reduce((sum, count) => sum + count, 0), failed };
    });
  }

  /** Begins to send. */
  start(send: (tried: Try<Data>) => Promise<TryResult<Data>>): void {
    this.#sender = new NotificationSender<Data>(this.#store, {
      send,
      add: (entries) => this.#add(entries),
      erase: (jobIds) => this.#erase(jobIds),
    });
    const clean = (): void => void this.#clean().catch(this.#store.onError('notifications'));
    clean(); // a process may never get as old as the interval
    this.#cleaning = setInterval(clean, CLEAN_MS);
    this.#cleaning.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#cleaning);
    await this.#sender?.close();
    await this.#queue.close();
  }

  async #add(entries: readonly NewEntry<Data>[]): Promise<void> {
    await Promise.all(entries.map((entry) => this.#enlist(entry))); // first, so that none is sent that erasing would not find
    await this.#queue.addBulk(
      entries.map(({ id, jobId, data, delayMs, tries }) => ({
        name: 'notification',
        data: { jobId, data },
        opts: {
          jobId: id,
          timestamp: this.#store.clock.now(),
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
  }

  /** Puts a notification into the list of its job, and the job into its user's set. */
  async #enlist({ jobId, id, owner }: Pick<NewEntry<Data>, 'jobId' | 'id' | 'owner'>): Promise<void> {
    const { of, ofUser } = this.#store.keys.notifications;
    const touched = { list: of(jobId), ofUser: ofUser(owner ?? ''), lists: of('') };
    await this.#list({ ...touched, jobId, owned: owner === undefined ? 0 : 1, listS: LIST_S, setS: SET_S, looked: LOOKED }, [id]);
  }

  #idsOf(jobId: string): Promise<string[]> {
    return this.#store.redis.smembers(this.#store.keys.notifications.of(jobId));
  }

  async #erase(jobIds: readonly string[], owner?: string): Promise<void> {
    const { redis, keys } = this.#store;
    const { of, ofUser } = keys.notifications;
    if (owner !== undefined && jobIds.length > 0) await redis.srem(ofUser(owner), ...jobIds);
    for (const jobId of jobIds) {
      const ids = await this.#idsOf(jobId);
      await redis.del(of(jobId)); // one that is being sent finds that it is not listed any more
      await Promise.all(ids.map((id) => this.#queue.remove(id)));
    }
  }

  async #find(id: string): Promise<Entry<Data>[]> {
    const queue = this.#queue;
    const job: Job<StoredNotification<Data>> | undefined = await queue.getJob(id);
    if (!job) return [];
    const delayed = this.#store.redis.zscore(queue.toKey('delayed'), id);
    const [state, { logs }, score] = await Promise.all([job.getState(), queue.getJobLogs(id), delayed]);
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
  }

  async #clean(): Promise<void> {
    const aheadMs = this.#store.clock.aheadMs() ?? 0; // BullMQ counts back from this process' own time
    for (const [state, keptS] of [
      ['completed', KEPT_S.done],
      ['failed', KEPT_S.failed],
    ] as const)
      while ((await this.#queue.clean(keptS * 1000 + aheadMs, CLEANED, state)).length === CLEANED);
  }
}

/**
 * One that is not where it was any more: another request was faster,
 * or its time had come. BullMQ's own errors have a number for a code.
 */
function ignoreMoved(error: unknown): void {
  if (typeof (error as { code?: unknown }).code !== 'number') throw error;
}
