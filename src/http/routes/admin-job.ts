/** The route that tells operators the whole way of one job. */
import { readTraceParent, traceIdOf } from '../../job/trace-parent.ts';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { isJobId } from '../../job/id.ts';
import type { Problem } from '../../job/problem.ts';
import type { JobInspection } from '../../jobs/job-inspection.ts';
import type { Delivery } from '../../notifications/deliveries.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { validQuery } from '../list-query.ts';
import { actionOf, onlyOperators } from '../operator.ts';
import { noSuchJob } from '../problems.ts';
import { presentFound } from './admin-jobs.ts';

/** How many rows of a journal are shown: the newest. */
const ROWS_SHOWN = 1000;

const query = z.object({ input: z.enum(['1', 'true']).optional() });

/** `GET /admin/jobs/:jobId`. */
export function adminJobRoute(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/admin/jobs/:jobId', onlyOperators(deps), validQuery(query), (c) =>
    showJob(c, deps, c.req.param('jobId'), c.req.valid('query').input !== undefined),
  );
  return app;
}

async function showJob(c: Context<AppEnv>, deps: AppDeps, jobId: string, withInput: boolean): Promise<Response> {
  const { queue, notifications, outbox, feed, actions, clock } = deps;
  const job = isJobId(jobId) ? await queue.inspect(jobId) : undefined;
  if (!job) throw noSuchJob();
  const [deliveries, refused] = await Promise.all([notifications.deliveries.of(jobId), outbox?.parkedOf(jobId)]);
  // Before it is shown: nobody reads what a user wrote without a trace of it.
  if (withInput) await actions.write(actionOf(c, 'read input', `job ${jobId}`), 'done');
  return answerJson(
    c,
    {
      ...presentFound(job.found, clock.now()),
      ...presentInspection(job),
      deliveries: deliveries.map(presentDelivery),
      archive: refused && { code: refused.code, at: refused.at },
      followers: feed.followersOf(jobId),
      ...(withInput && { input: job.payload?.input }),
    },
    200,
    { 'Cache-Control': 'no-store' },
  );
}

function presentInspection({ found, payload, rows, setbacks, calls, child, lockMs }: JobInspection) {
  const { job } = found;
  const shown = rows.slice(-ROWS_SHOWN);
  return {
    requestId: payload?.requestId,
    traceId: traceIdOf(readTraceParent(payload?.traceparent)),
    parent: payload?.parent,
    child,
    notifies: job.notifies,
    expiresAt: job.expiresAt === undefined ? undefined : new Date(job.expiresAt).toISOString(),
    attempts: attemptsOf(job.attempt, rows, job.end?.outcome.type === 'failed' ? job.end.outcome.error : undefined),
    setbacks,
    lockMs,
    calls,
    journal: { rows: job.length, shown: shown.map(({ attempt: ofAttempt, ...row }) => ({ ...row, attempt: ofAttempt })) },
  };
}

/** How each attempt has ended, as far as its journal tells. */
function attemptsOf(last: number, rows: JobInspection['rows'], error: Problem | undefined) {
  const ended = new Map<number, string>();
  for (const row of rows) if (row.type === 'attempt' && 'code' in row) ended.set(row.attempt - 1, String(row.code));
  return Array.from({ length: Math.min(last, 100) }, (_, n) => {
    const attempt = last - Math.min(last, 100) + n + 1;
    return { attempt, endedBy: ended.get(attempt) ?? (attempt === last ? error?.code : undefined) };
  });
}

/** A delivery without the address that a user gave: its path and query may be a secret. */
function presentDelivery({ url, ...delivery }: Delivery) {
  return { ...delivery, origin: url === undefined ? undefined : new URL(url).origin };
}
