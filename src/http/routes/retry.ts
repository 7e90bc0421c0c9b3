/** The routes that retry failed jobs: an owner retries one, an operator many. */
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import type { Snapshot } from '../../job/snapshot.ts';
import { ProblemError } from '../../job/problem.ts';
import { findOwnJob } from '../job-access.ts';
import { answerJson } from '../answer.ts';
import { deadlinesOf } from '../submission-headers.ts';
import { cursor, toCursor, validQuery } from '../list-query.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { addressesFor, presentJob } from '../present.ts';
import { actionOf, onlyOperators } from '../operator.ts';
import { noSuchJob } from '../problems.ts';
import { setAllowance } from '../rate-limits.ts';
import { retryAgain } from '../retry-again.ts';

/** `POST /api/jobs/:jobId/retry`, `GET /admin/failed-jobs` and `POST /admin/failed-jobs/retry`. */
export function retryRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post('/api/jobs/:jobId/retry', (c) => retryOne(c, deps));
  const isOperator = onlyOperators(deps);
  app.get('/admin/failed-jobs', isOperator, validQuery(query), async (c) => {
    const { jobs, ...rest } = await findFailed(c, deps, c.req.valid('query'));
    return answerJson(c, { jobs: jobs.map(presentFailed), ...rest });
  });
  app.post('/admin/failed-jobs/retry', isOperator, validQuery(query), (c) => retryMany(c, deps, c.req.valid('query')));
  return app;
}

/** Retries one failed job: 202. It counts as a submission, because it can cost as much. */
async function retryOne(c: Context<AppEnv, '/:jobId'>, deps: AppDeps): Promise<Response> {
  const { queue, submissions, notifications, log } = deps;
  const job = await findOwnJob(c, deps);
  const { id: jobId } = job;
  c.get('span')?.link(job.traceparent);
  const deadlines = deadlinesOf(c);
  if (job.end?.outcome.type !== 'failed') throw notFailed(job);
  if (!(await queue.there([jobId])).has(jobId)) throw inputGone(jobId); // only the archive has it
  await checkFiles(job, deps);
  if (job.notifies !== undefined) await notifications.handOn(jobId); // a retry takes this end back
  const result = await submissions.retry(job, {
    ...deadlines,
    plan: c.get('plan'),
  });
  setAllowance(c, result.allowance);
  if (result.type === 'refused') throw result.problem;
  const after = await queue.read(jobId);
  if (result.type === 'unknown') throw inputGone(jobId);
  if (result.type === 'too_often') throw tooManyRetries(jobId);
  if (!after) throw noSuchJob();
  if (result.type === 'not_failed') throw notFailed(after.snapshot);
  if (job.notifies !== undefined) notifications.accepted(jobId, job.next);
  log.info({ jobId, requestId: c.get('requestId') }, 'job retried');
  return answerJson(c, presentJob(after.snapshot, await addressesFor(deps)), 202, { 'Retry-After': '2' });
}

/**
 * The files of a failed job are kept for a while. Without them an attempt could only fail again.
 */
async function checkFiles({ id: jobId, kind: name }: Snapshot, { kinds, files }: AppDeps): Promise<void> {
  for (const field of Object.keys(kinds.find((kind) => kind.name === name)?.files ?? {})) {
    if (!(await files.head(jobId, `in:${field}`))) {
      throw new ProblemError('input_gone', 'The file of this job is not kept any more; submit it anew.', { jobId });
    }
  }
}

function inputGone(jobId: string): ProblemError {
  return new ProblemError('job_expired', 'The input of this job is not kept any more; submit it anew.', { jobId });
}

function tooManyRetries(jobId: string): ProblemError {
  return new ProblemError('too_many_retries', 'This job was retried as often as one job may be; submit its work anew.', { jobId });
}

function notFailed({ id, status }: Snapshot): ProblemError {
  const why = status === 'cancelled' ? 'a cancelled job stays cancelled; submit it anew' : `it is ${status}`;
  return new ProblemError('job_not_failed', `Only a failed job is retried: ${why}.`, { jobId: id });
}

/**
 * Retries failed jobs without regard to bounds. The answer names the jobs that were retried, and
 * says whether there are more.
 */
async function retryMany(c: Context<AppEnv>, deps: AppDeps, wanted: FailedJobsQuery): Promise<Response> {
  const { jobs, ...rest } = await findFailed(c, deps, wanted);
  const action = actionOf(c, 'retry failed jobs', scopeOf(wanted));
  // Before, so that the log tells of it also where this process is killed in the middle.
  if (jobs.length > 0) await deps.actions.write(action, 'begun', { jobs: jobs.length });
  const retried: string[] = [];
  for (let from = 0; from < jobs.length; from += AT_ONCE) {
    const outcomes = await Promise.all(jobs.slice(from, from + AT_ONCE).map((job) => retryAgain(deps, job.id)));
    retried.push(...outcomes.flatMap((id) => (id === undefined ? [] : [id])));
  }
  await deps.actions.write(action, 'done', { retried: retried.length });
  deps.log.info({ requestId: c.get('requestId'), retried: retried.length }, 'jobs retried by the operator');
  return answerJson(c, { retried, ...rest });
}

/** Which jobs are meant, in words. */
function scopeOf({ code, kind, user }: FailedJobsQuery): string {
  const parts = Object.entries({ code, kind, user }).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return parts.length === 0 ? 'all' : parts.join(', ');
}

/** How many jobs an operator's retry works on at once. */
const AT_ONCE = 50;

/** The query of both /admin routes: which failed jobs are meant. The oldest failure comes first. */
const query = z.object({
  code: z.string().optional(),
  kind: z.string().optional(),
  user: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: cursor.optional(),
});

type FailedJobsQuery = z.output<typeof query>;

/**
 * A page of failed jobs. `more`: whether there may be others; they begin at `nextCursor`. An empty
 * page can have one, too.
 */
type FailedPage = { jobs: Snapshot[]; more: boolean; nextCursor?: string };

async function findFailed(
  c: Context<AppEnv>,
  { queue }: AppDeps,
  { code, kind, user, limit, cursor: after }: FailedJobsQuery,
): Promise<FailedPage> {
  const { jobs, next } = await queue.failedJobs({ limit, after, filter: { code, kind, owner: user }, signal: c.req.raw.signal });
  return { jobs, more: next !== undefined, ...(next && { nextCursor: toCursor(next) }) };
}

function presentFailed({ id, kind, owner, attempt, createdAt, finishedAt, end }: Snapshot) {
  return {
    jobId: id,
    kind,
    userId: owner,
    attempt,
    createdAt: new Date(createdAt).toISOString(),
    finishedAt: finishedAt === undefined ? undefined : new Date(finishedAt).toISOString(),
    error: end?.outcome.type === 'failed' ? end.outcome.error : undefined,
  };
}
