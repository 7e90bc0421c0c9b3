/**
 * The route by which operators find jobs, whoever's they are. It shows nothing that users or models
 * wrote.
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { FoundJob } from '../../jobs/job-search.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { jobFilterFields, searchCursor, searchFilterOf, toSearchCursor } from '../job-filter.ts';
import { validQuery } from '../list-query.ts';
import { onlyOperators } from '../operator.ts';
import { invalidInput } from '../problems.ts';

const query = z.object({
  ...jobFilterFields,
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: searchCursor.optional(),
});

/** `GET /admin/jobs`. */
export function adminJobRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/admin/jobs', onlyOperators(deps), validQuery(query), (c) => findJobs(c, deps, c.req.valid('query')));
  return app;
}

async function findJobs(c: Context<AppEnv>, { queue, clock }: AppDeps, { limit, cursor, ...filter }: z.output<typeof query>) {
  const now = clock.now();
  const page = await queue.search(searchFilterOf(filter, now), { limit, from: cursor, signal: c.req.raw.signal });
  if (!page)
    throw invalidInput([
      { path: ['cursor'], code: 'custom', message: 'must be of an earlier answer to the same filter', input: undefined },
    ]);
  const { jobs, next } = page;
  return answerJson(c, {
    jobs: jobs.map((found) => presentFound(found, now)),
    more: next !== undefined,
    ...(next && { nextCursor: toSearchCursor(next) }),
  });
}

/** A job as operators see it in lists. `now`: in ms since the epoch. */
export function presentFound({ job, state, worker, readyAt, failedBy }: FoundJob, now: number) {
  const { end, startedAt } = job;
  const [provider, model] = state === 'failed' && failedBy !== undefined ? failedBy.split(' ') : [job.provider, job.model];
  const since = {
    waiting: readyAt,
    delayed: job.createdAt,
    active: startedAt,
    failed: job.finishedAt,
    cancelled: job.finishedAt,
    completed: job.finishedAt,
  };
  return {
    jobId: job.id,
    kind: job.kind,
    state,
    userId: job.owner,
    attempt: job.attempt,
    maxAttempts: job.maxAttempts,
    createdAt: timeOf(job.createdAt),
    since: timeOf(since[state]),
    waitMs: state === 'delayed' ? undefined : waitMsOf(state === 'waiting' ? now : startedAt, readyAt),
    startedAt: timeOf(startedAt),
    finishedAt: timeOf(job.finishedAt),
    worker,
    provider,
    model,
    position: job.position,
    retryAt: timeOf(job.retryAt),
    cancelAt: timeOf(job.cancelAt),
    progress: job.progress,
    error: end?.outcome.type === 'failed' ? end.outcome.error : undefined,
    usage: end?.outcome.usage,
  };
}

/** How long it has waited, or had until it began, in ms; undefined where that is not known. */
function waitMsOf(until: number | undefined, readyAt: number): number | undefined {
  return until === undefined || until < readyAt ? undefined : until - readyAt;
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
