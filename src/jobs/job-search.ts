/**
 * Searching the jobs of all users: what waits, runs and has ended, by one
 * filter. Each request looks at a bounded part and says where to go on.
 */
import { isJobId } from '../job/id.ts';
import { FIELDS } from '../job/record.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import { type IndexPlace, type JobFilter, type JobIndex, type JobPage, LIST_BATCH, type ListJobs } from './listing.ts';

/** Where jobs are, in the order in which they are searched. */
export const JOB_STATES = ['active', 'waiting', 'delayed', 'failed', 'cancelled', 'completed'] as const;

/** A waiting job can begin now; a delayed one waits for its time. */
export type JobState = (typeof JOB_STATES)[number];

/**
 * Which jobs are meant; what is left out may be anything. A `code` means failed jobs unless a state is
 * given.
 */
export type JobSearchFilter = { state?: JobState | undefined; user?: string | undefined } & Pick<
  JobFilter,
  'kind' | 'code' | 'provider' | 'since' | 'before'
>;

/**
 * Where a page of a search ended. `after`: the last place in its source; absent for the source's
 * begin.
 */
export type SearchPlace = { source: string; after?: IndexPlace | undefined };

/** Which part of what is found. */
export type SearchRange = { limit: number; from?: SearchPlace | undefined; signal?: AbortSignal | undefined };

/** A job that was found. Times are in ms since the epoch. */
export type FoundJob = {
  job: Snapshot;
  state: JobState;
  /** The worker that took it last, by name. */
  worker?: string | undefined;
  /** When it could begin its next run, or the run that goes on. */
  readyAt: number;
  /** Whom a failed job has asked in vain: a provider, and perhaps its model behind a space. */
  failedBy?: string | undefined;
};

/**
 * A page; it can be shorter than its limit, and even empty, and still have a `next`. A job that stays
 * where it is, is found exactly once over all pages.
 */
export type SearchPage = { jobs: FoundJob[]; next?: SearchPlace | undefined };

/** A place where jobs are. `list`: a list of BullMQ's, which is searched in the order of ids. */
type Source = { name: string; filter: Pick<JobFilter, 'status' | 'place'> } & ({ list: string } | { index: JobIndex });

/** Searches. */
export class JobSearch {
  readonly #store;
  readonly #list;
  readonly #lanes;

  constructor(store: Store, list: ListJobs, lanes: readonly string[]) {
    this.#store = store;
    this.#list = list;
    this.#lanes = lanes;
  }

  /** Finds a page of jobs; undefined where the place is of another search. */
  async find({ state, user, ...filter }: JobSearchFilter, { limit, from, signal }: SearchRange): Promise<SearchPage | undefined> {
    const sources = this.#sourcesOf(state ?? (filter.code === undefined ? undefined : 'failed'), user, filter.kind);
    let at = from ? sources.findIndex(({ name }) => name === from.source) : 0;
    if (at < 0) return undefined;
    const found: Snapshot[] = [];
    for (let after = from?.after; ; after = undefined) {
      const source = sources[at];
      if (!source || found.length === limit) return { jobs: await this.#complete(found), next: source && { source: source.name } };
      const range = { limit: limit - found.length, after, filter: { ...filter, ...source.filter }, signal };
      const { jobs, next } = await ('list' in source ? this.#inList(source.list, range) : this.#list(source.index, range));
      found.push(...jobs);
      if (next) return { jobs: await this.#complete(found), next: { source: source.name, after: next } };
      at++;
    }
  }

  /** Where jobs of a state are, of a user's or of a kind, if those are given. */
  #sourcesOf(state: JobState | undefined, user: string | undefined, kind: string | undefined): Source[] {
    const { keys } = this.#store;
    if (user !== undefined) {
      const index: JobIndex = { key: keys.jobsOf(user), order: 'newest', owner: user, prune: 'gone' };
      return [{ name: 'user', index, filter: filterOf(state) }];
    }
    const lanes: Lane[] = [undefined, ...this.#lanes.filter((lane) => kind === undefined || lane === kind)];
    const inLanes = (name: 'active' | 'wait' | 'prioritized' | 'delayed', one: JobState, type: 'list' | 'index') =>
      lanes.map((lane): Source => {
        const [key, source] = [keys.of(name, lane), { name: lane === undefined ? name : `${name}:${lane}`, filter: filterOf(one) }];
        return type === 'list' ? { ...source, list: key } : { ...source, index: { key, order: 'oldest' } };
      });
    const ended = (name: 'failed' | 'completed', one: JobState | undefined): Source[] => [
      { name, index: { key: keys.of(name), order: 'newest', scored: true }, filter: filterOf(one) },
    ];
    const bySource: Record<JobState, () => Source[]> = {
      active: () => inLanes('active', 'active', 'list'),
      waiting: () => [...inLanes('wait', 'waiting', 'list'), ...inLanes('prioritized', 'waiting', 'index')],
      delayed: () => inLanes('delayed', 'delayed', 'index'),
      failed: () => ended('failed', 'failed'),
      cancelled: () => ended('failed', 'cancelled'),
      completed: () => ended('completed', 'completed'),
    };
    if (state !== undefined) return bySource[state]();
    return [...bySource.active(), ...bySource.waiting(), ...bySource.delayed(), ...ended('failed', undefined), ...bySource.completed()];
  }

  /** A page of a list. Its order changes while jobs come and go; that of ids does not. */
  async #inList(key: string, range: Parameters<ListJobs>[1]): Promise<JobPage> {
    const ids = (await this.#store.redis.lrange(key, 0, -1)).filter(isJobId).toSorted();
    const { after } = range;
    const left = after === undefined ? ids : ids.filter((id) => id > after.id);
    const given = left.slice(0, LIST_BATCH);
    const last = given.at(-1);
    if (last === undefined) return { jobs: [] };
    const { jobs, next } = await this.#list({ key, order: 'oldest', given }, { ...range, after: undefined });
    return { jobs, next: next ?? (left.length > given.length ? { score: '0', id: last } : undefined) };
  }

  /** Reads what a list of a user's jobs does not show. */
  async complete(job: Snapshot): Promise<FoundJob> {
    const { redis, keys } = this.#store;
    const unreadable = ifWrongType<(string | null)[]>([]);
    const fields = await redis.hmget(keys.job(job.id), 'pb', FIELDS.ready, 'delay', FIELDS.failedBy).catch(unreadable);
    const [worker, ready, delay, failedBy] = fields.map((text) => text ?? undefined);
    const readyAt = Number(ready ?? job.createdAt + Number(delay ?? 0)) || job.createdAt;
    return { job, state: stateOf(job), worker, readyAt, failedBy };
  }

  #complete(jobs: readonly Snapshot[]): Promise<FoundJob[]> {
    return Promise.all(jobs.map((job) => this.complete(job)));
  }
}

/** Where a job is. */
export function stateOf({ status, retryAt }: Snapshot): JobState {
  return status === 'waiting' && retryAt !== undefined ? 'delayed' : status;
}

function filterOf(state: JobState | undefined): Source['filter'] {
  if (state === 'active' || state === 'waiting' || state === 'delayed') return { status: 'unfinished', place: state };
  return { status: state };
}
