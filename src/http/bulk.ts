/**
 * Bulk actions of operators: which jobs a filter means, what they would cost, and how an
 * action is shown.
 */
import type { BulkAction, BulkJob, BulkKind, BulkPrice } from '../jobs/bulk-actions.ts';
import type { JobSearchFilter, JobState, SearchPlace } from '../jobs/job-search.ts';
import type { AppDeps } from './app-deps.ts';

/** The most jobs of one action. */
export const MAX_JOBS = 100_000;

/** How many jobs one search looks for. */
const PAGE = 500;

/** How many jobs' inputs are read to tell what all of them cost. */
const SAMPLE = 50;

/** Which states an action is for, where the filter names none; undefined is any. */
const STATES: Readonly<Record<BulkKind, readonly (JobState | undefined)[]>> = {
  retry: ['failed'],
  cancel: ['active', 'waiting', 'delayed'],
  purge: [undefined],
};

/** The states that an action can be for; any, where it is not here. */
export const POSSIBLE: Readonly<Partial<Record<BulkKind, readonly JobState[]>>> = {
  retry: ['failed'],
  cancel: ['active', 'waiting', 'delayed'],
};

/** Finds all jobs that are meant. */
export async function findAll(
  { queue }: Pick<AppDeps, 'queue'>,
  what: BulkKind,
  filter: JobSearchFilter,
  signal?: AbortSignal,
): Promise<{ jobs: BulkJob[]; more: boolean }> {
  const found = new Map<string, BulkJob>(); // a job that moves meanwhile can be found twice
  for (const state of filter.state === undefined ? STATES[what] : [filter.state]) {
    for (let from: SearchPlace | undefined; ;) {
      const page = await queue.search({ ...filter, state }, { limit: PAGE, from, signal });
      for (const { job } of page?.jobs ?? []) found.set(job.id, { id: job.id, endedAt: job.finishedAt ?? 0 });
      from = page?.next;
      if (found.size >= MAX_JOBS) return { jobs: [...found.values()].slice(0, MAX_JOBS), more: true };
      if (from === undefined || signal?.aborted) break;
    }
  }
  return { jobs: [...found.values()], more: false };
}

/**
 * What jobs would cost if they began anew: at most, since finished items are kept. Told from
 * some of them.
 */
export async function priceOf(
  { queue, submissions }: Pick<AppDeps, 'queue' | 'submissions'>,
  jobs: readonly BulkJob[],
): Promise<BulkPrice> {
  const every = Math.max(jobs.length / SAMPLE, 1);
  const some = jobs.filter((_, n) => Math.floor(n / every) !== Math.floor((n - 1) / every));
  const prices = await Promise.all(
    some.map(async ({ id }) => {
      const payload = await queue.payloadOf(id);
      return payload && submissions.priceOf(id.slice(0, -33), payload.input);
    }),
  );
  const known = prices.filter((price) => price !== undefined);
  const sum = known.reduce((total, { usd }) => total + usd, 0);
  const usd = known.length === 0 ? 0 : (sum / known.length) * jobs.length;
  return { usd: Math.round(usd * 1e6) / 1e6, known: known.length === some.length && known.every((price) => price.known) };
}

/** An action as operators see it. */
export function presentBulk(action: BulkAction) {
  const { id, what, scope, state, count, processed, done, price, by, startedBy, rate } = action;
  return {
    runId: id,
    action: what,
    scope,
    state,
    count,
    processed,
    done,
    skipped: state === 'done' ? count - done : undefined,
    price,
    by,
    startedBy,
    rate,
    startedAt: timeOf(action.startedAt),
    finishedAt: timeOf(action.finishedAt),
    expiresAt: state === 'ready' ? timeOf(action.expiresAt) : undefined,
  };
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
