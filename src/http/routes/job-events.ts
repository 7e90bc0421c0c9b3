/** The route of a job's event stream. A client can resume it after any event that has an id. */
import { Hono, type Context } from 'hono';
import { parseCursor } from '../../stream/sse-encoding.ts';
import type { AppDeps, AppEnv } from '../env.ts';
import { readerOf } from '../read-access.ts';
import { retryLaterOnTrouble, wantsStream, watchJob } from '../answer-stream.ts';

/** What these routes need. */
type Deps = Pick<
  AppDeps,
  'feed' | 'archive' | 'outputUrls' | 'notifications' | 'transport' | 'shares' | 'countFor' | 'log' | 'draining' | 'tokens' | 'identity'
>;

/** `GET /api/jobs/:jobId/events`. */
export function eventRoutes(deps: Deps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId/events', (c) => retryLaterOnTrouble(c, deps, wantsStream(c), () => watch(c, deps)));
  return app;
}

async function watch(c: Context<AppEnv, '/:jobId'>, deps: Deps): Promise<Response> {
  const reader = await readerOf(c, deps, c.req.query('token'));
  const cursor = parseCursor(c.req.header('last-event-id') ?? c.req.query('lastEventId'));
  return watchJob(c, deps, { jobId: c.req.param('jobId'), cursor, reader });
}
