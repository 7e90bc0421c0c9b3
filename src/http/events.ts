/** Watching a job: its events as they happen, resumable from any of them. */
import { Hono, type Context } from 'hono';
import { isJobId } from '../jobs/id.ts';
import { parseCursor } from '../stream/frames.ts';
import { maySee } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { noSuchJob } from './problems.ts';
import { orComeBack, wantsStream, watchJob } from './watch.ts';

/** The stream route. */
export function eventRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId/events', (c) => orComeBack(c, deps, wantsStream(c), () => watch(c, deps)));
  return app;
}

async function watch(c: Context<AppEnv, '/:jobId'>, deps: AppDeps): Promise<Response> {
  const jobId = c.req.param('jobId');
  if (!isJobId(jobId)) throw noSuchJob();
  const token = c.req.query('token');
  if (token !== undefined) await deps.tokens.check(jobId, token);
  const cursor = parseCursor(c.req.header('last-event-id') ?? c.req.query('lastEventId'));
  return watchJob(c, deps, { jobId, cursor, allows: (snapshot) => token !== undefined || maySee(c.var.user, snapshot) });
}
