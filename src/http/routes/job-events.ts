/** The route of a job's event stream. A client can resume it after any event that has an id. */
import { Hono, type Context } from 'hono';
import { parseCursor } from '../../stream/sse-encoding.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { readerOf } from '../job-access.ts';
import { retryLaterOnTrouble, wantsStream, watchJob } from '../answer-stream.ts';

/** `GET /api/jobs/:jobId/events`. */
export function eventRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId/events', (c) => retryLaterOnTrouble(c, deps, wantsStream(c), () => watch(c, deps)));
  return app;
}

async function watch(c: Context<AppEnv, '/:jobId'>, deps: AppDeps): Promise<Response> {
  const reader = await readerOf(c, deps, c.req.query('token'));
  const cursor = parseCursor(c.req.header('last-event-id') ?? c.req.query('lastEventId'));
  return watchJob(c, deps, { jobId: c.req.param('jobId'), cursor, reader });
}
