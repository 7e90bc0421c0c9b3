/** The user's jobs: read from the server, and kept as its stream of all jobs tells. */
import { ApiError } from '../client/src/problem.ts';
import type { AnyJobObject } from '../client/src/shapes.ts';
import type { WatchEvent } from '../client/src/watch.ts';
import type { Api } from './api.ts';
import { type Filter, isUnfinished, type JobRow, rowOf } from './job-rows.ts';

type Page = { jobs: AnyJobObject[]; nextCursor?: string };

/** How many are read at once. */
const LIMIT = 50;

/** The jobs as the page knows them. `onChange` is called after each change. */
export class Jobs {
  readonly #ask: Api['ask'];
  readonly #onChange: () => void;
  readonly #rows = new Map<string, JobRow>();
  /** Where the list goes on, by filter. A filter that is not here was not asked for. */
  readonly #next = new Map<string, string | undefined>();
  #loading: Promise<void> = Promise.resolve();

  constructor({ ask }: Pick<Api, 'ask'>, onChange: () => void) {
    this.#ask = ask;
    this.#onChange = onChange;
  }

  get rows(): Iterable<JobRow> {
    return this.#rows.values();
  }

  get(jobId: string): JobRow | undefined {
    return this.#rows.get(jobId);
  }

  /** Reads the newest jobs. What was erased elsewhere goes. */
  async load(): Promise<void> {
    this.#loading = (async () => {
      const { jobs, nextCursor } = (await this.#ask(`/api/jobs?limit=${LIMIT}`)) as Page;
      const ids = new Set(jobs.map(({ jobId }) => jobId));
      const oldest = nextCursor === undefined ? '' : (jobs.at(-1)?.createdAt ?? '');
      for (const { jobId, createdAt } of this.#rows.values()) if (createdAt > oldest && !ids.has(jobId)) this.#rows.delete(jobId);
      this.#next.clear();
      this.#next.set(keyOf({}), nextCursor);
      this.#put(jobs);
    })();
    await this.#loading;
  }

  /** Whether there may be older jobs that a filter shows. */
  hasOlder(filter: Filter): boolean {
    const all = this.#next.get(keyOf({}));
    return all !== undefined && (!this.#next.has(keyOf(filter)) || this.#next.get(keyOf(filter)) !== undefined);
  }

  /** Reads older jobs that a filter shows. */
  async loadOlder(filter: Filter): Promise<void> {
    const given = Object.entries({ ...filter, cursor: this.#next.get(keyOf(filter)) }).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams([...(given as [string, string][]), ['limit', String(LIMIT)]]);
    const { jobs, nextCursor } = (await this.#ask(`/api/jobs?${query.toString()}`)) as Page;
    this.#next.set(keyOf(filter), nextCursor);
    this.#put(jobs);
  }

  /** A job that this page has submitted, or that is known from elsewhere. */
  add(row: JobRow): void {
    this.#rows.set(row.jobId, row);
    this.#onChange();
  }

  /** What the open job's own stream tells. */
  change(jobId: string, known: Pick<JobRow, 'status' | 'pieces' | 'percent'>): void {
    const row = this.#rows.get(jobId);
    if (!row || (row.status === known.status && row.pieces === known.pieces && row.percent === known.percent)) return;
    this.add({ ...row, ...known });
  }

  /** An event of the stream of all jobs. One of a job that is not known yet, and an end, have it read. */
  async take(event: WatchEvent): Promise<void> {
    const { jobId } = event;
    const status = event.type === 'status' ? event.status : event.type;
    await this.#loading.catch(() => {});
    const row = this.#rows.get(jobId);
    if (row?.status === status) return;
    if (row) this.add({ ...row, status });
    if (!row || !isUnfinished(status)) await this.read(jobId);
  }

  /** Reads one job. One that is gone leaves the list. */
  async read(jobId: string): Promise<JobRow | undefined> {
    try {
      this.#put([(await this.#ask(`/api/jobs/${encodeURIComponent(jobId)}`)) as AnyJobObject]);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) this.#forget(jobId);
    }
    return this.#rows.get(jobId);
  }

  async cancel(jobId: string): Promise<void> {
    this.#put([(await this.#ask(`/api/jobs/${jobId}/cancel`, 'POST')) as AnyJobObject]);
  }

  /** Tries a failed job again. */
  async retry(jobId: string): Promise<JobRow> {
    const job = (await this.#ask(`/api/jobs/${jobId}/retry`, 'POST')) as AnyJobObject;
    this.#put([job]);
    return rowOf(job);
  }

  /** Erases a job with everything of it. */
  async erase(jobId: string): Promise<void> {
    await this.#ask(`/api/jobs/${jobId}`, 'DELETE').catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
    this.#forget(jobId);
  }

  #put(jobs: readonly AnyJobObject[]): void {
    for (const job of jobs) this.#rows.set(job.jobId, rowOf(job));
    this.#onChange();
  }

  #forget(jobId: string): void {
    if (this.#rows.delete(jobId)) this.#onChange();
  }
}

const keyOf = ({ kind = '', status = '' }: Filter): string => `${kind} ${status}`;
