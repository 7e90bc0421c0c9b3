/** All jobs of a user as a list that stays true: read page by page, and changed as the server tells of each job. It is what `useJobs` looks at. */
import type { Client } from './client.ts';
import type { JobObject } from './events.ts';
import type { Connection } from './follow.ts';
import { createTeller, problemIn, TOGETHER_MS } from './job-store.ts';
import type { ListOptions } from './listing.ts';
import type { Problem } from './problem.ts';
import { pause } from './request.ts';
import type { Watch, WatchEvent } from './watch.ts';

/** The list as it is known. It is the same object until something changes. */
export type JobsView = {
  /** The newest first. Results are not among it: `useJob(jobId)` has them. */
  readonly jobs: readonly JobObject[];
  /** Whether nothing is known yet, and it is being read. */
  readonly isLoading: boolean;
  /** Why it can't be read now. What was read before stays. */
  readonly error: Problem | undefined;
  /** How it is connected: `live` while changes come. */
  readonly connection: Connection;
  /** Whether the server has older jobs: `more()` reads them. */
  readonly hasMore: boolean;
};

/** Which jobs, and how often changes are told, in ms. */
export type JobsStoreOptions = Pick<ListOptions, 'status' | 'kind' | 'limit'> & { togetherMs?: number | undefined };

/** Where the platform reads no stream, the list is read again after so long, in ms. */
const POLL_MS = 10_000;

/** So many changes of jobs that are not in the list are remembered. */
const MOST_STRANGERS = 1000;

/** Nothing is read yet. */
export const NO_JOBS: JobsView = { jobs: [], isLoading: true, error: undefined, connection: { state: 'closed' }, hasMore: false };

/** The list. It has a connection only while somebody is subscribed. */
export class JobsStore {
  readonly #ai: Pick<Client, 'jobs' | 'watch'>;
  readonly #options: JobsStoreOptions;
  readonly #watchers = new Set<() => void>();
  /** Jobs in a state in which the list does not have them: a reading has shown that. */
  readonly #strangers = new Set<string>();
  #view = NO_JOBS;
  #cursor: string | undefined;
  #pages = 0;
  #reading: Promise<void> | undefined;
  #isDueAgain = false;
  #own: AbortController | undefined;
  #teller: ReturnType<typeof createTeller> | undefined;

  constructor(ai: Pick<Client, 'jobs' | 'watch'>, options: JobsStoreOptions) {
    this.#ai = ai;
    this.#options = options;
  }

  readonly snapshot = (): JobsView => this.#view;

  readonly subscribe = (onChange: () => void): (() => void) => {
    this.#watchers.add(onChange);
    if (this.#watchers.size === 1) this.#open();
    return () => {
      this.#watchers.delete(onChange);
      if (this.#watchers.size === 0) this.#close();
    };
  };

  /** Reads the list again from its newest. It never rejects: what goes wrong is in `error`. */
  readonly refresh = async (): Promise<void> => {
    if (this.#watchers.size > 0 && !this.#own) this.#open(); // it was refused before
    if (this.#reading) this.#isDueAgain = true;
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined));
    return this.#reading;
  };

  /** Reads older jobs, if there are any. It never rejects: what goes wrong is in `error`. */
  readonly more = async (): Promise<void> => {
    const cursor = this.#cursor;
    if (cursor === undefined) return;
    await this.#list(cursor, ({ jobs, nextCursor }) => {
      if (cursor !== this.#cursor) return; // another call was faster
      const known = new Set(this.#view.jobs.map(({ jobId }) => jobId));
      [this.#cursor, this.#pages] = [nextCursor, this.#pages + 1];
      this.#show({ jobs: [...this.#view.jobs, ...jobs.filter(({ jobId }) => !known.has(jobId))], hasMore: nextCursor !== undefined });
    });
  };

  #open(): void {
    const own = (this.#own = new AbortController());
    this.#teller = createTeller(
      () => this.#watchers.forEach((tell) => tell()),
      () => this.#options.togetherMs ?? TOGETHER_MS,
    );
    void this.refresh();
    void this.#follow(own.signal);
  }

  #close(): void {
    this.#own?.abort();
    this.#own = undefined;
    this.#teller?.stop();
    this.#view = { ...this.#view, connection: NO_JOBS.connection };
  }

  /** Takes every change until the signal aborts. */
  async #follow(signal: AbortSignal): Promise<void> {
    const watch = this.#ai.watch({ signal, timeoutMs: Infinity }); // `connection` tells of silence, and it is tried again
    let wasLive = false;
    const stop = watch.onConnection((connection) => {
      if (signal.aborted) return;
      this.#show({ connection });
      if (connection.state !== 'live') return;
      if (wasLive) void this.refresh(); // what was erased in between is told to nobody
      wasLive = true;
    });
    try {
      await this.#takeAll(watch, signal);
    } catch (error) {
      if (signal.aborted) return;
      const problem = problemIn(error);
      if (problem.code === 'no_stream') return await this.#poll(signal);
      this.#show({ error: problem });
      this.#own = undefined; // `refresh` tries again
    } finally {
      stop();
    }
  }

  async #takeAll(watch: Watch, signal: AbortSignal): Promise<void> {
    for await (const event of watch) if (!signal.aborted) this.#take(event);
  }

  async #poll(signal: AbortSignal): Promise<void> {
    this.#show({ connection: { state: 'polling' } });
    while (!signal.aborted) {
      await pause(POLL_MS, signal, true).catch(() => {});
      if (!signal.aborted) await this.refresh();
    }
  }

  #take(event: WatchEvent): void {
    const { jobs } = this.#view;
    const at = jobs.findIndex(({ jobId }) => jobId === event.jobId);
    const job = jobs[at];
    if (job) {
      const next = afterEvent(job, event);
      const isOut = this.#options.status !== undefined && next.status !== this.#options.status;
      return this.#show({ jobs: [...jobs.slice(0, at), ...(isOut ? [] : [next]), ...jobs.slice(at + 1)] });
    }
    const stranger = `${event.jobId} ${statusOf(event)}`;
    if (this.#strangers.has(stranger)) return;
    if (this.#strangers.size >= MOST_STRANGERS) this.#strangers.clear();
    this.#strangers.add(stranger);
    void this.refresh();
  }

  async #readAll(): Promise<void> {
    do {
      this.#isDueAgain = false;
      await this.#list(undefined, ({ jobs, nextCursor }) => {
        const older = this.#pages > 1 ? olderThan(this.#view.jobs, jobs) : [];
        if (this.#pages <= 1) [this.#cursor, this.#pages] = [nextCursor, 1];
        this.#show({ jobs: [...jobs, ...older], hasMore: this.#cursor !== undefined });
      });
    } while (this.#isDueAgain && this.#watchers.size > 0);
  }

  async #list(cursor: string | undefined, take: (page: Awaited<ReturnType<Client['jobs']['list']>>) => void): Promise<void> {
    const { status, kind, limit } = this.#options;
    try {
      take(await this.#ai.jobs.list({ status, kind, limit, cursor, signal: this.#own?.signal }));
      this.#show({ isLoading: false, error: undefined }, true);
    } catch (error) {
      if (this.#watchers.size > 0) this.#show({ isLoading: false, error: problemIn(error) }, true);
    }
  }

  /** `isUrgent`: somebody waits for it. */
  #show(change: Partial<JobsView>, isUrgent = false): void {
    this.#view = { ...this.#view, ...change };
    this.#teller?.changed(isUrgent);
  }
}

const statusOf = (event: WatchEvent): JobObject['status'] => (event.type === 'status' ? event.status : event.type);

/** A job after what was told of it. */
function afterEvent(job: JobObject, event: WatchEvent): JobObject {
  const { position: _, etaSeconds: __, retryAt: ___, ...rest } = job; // each belongs to the state of before
  if (event.type === 'status') {
    const { status, attempt = job.attempt, position, etaSeconds, retryAt } = event;
    return { ...rest, status, attempt, position, etaSeconds, retryAt, error: undefined };
  }
  const usage = 'usage' in event ? event.usage : job.usage;
  return { ...rest, status: event.type, usage, error: event.type === 'failed' ? event.error : undefined };
}

/** Those of the jobs that are older than all of a page. */
function olderThan(jobs: readonly JobObject[], page: readonly JobObject[]): JobObject[] {
  const last = page.at(-1);
  const ids = new Set(page.map(({ jobId }) => jobId));
  return last ? jobs.filter(({ jobId, createdAt }) => createdAt <= last.createdAt && !ids.has(jobId)) : [];
}
