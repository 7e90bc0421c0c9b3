/** Watching a job: its events as they happen, resumable from any of them. */
import { Hono, type Context } from 'hono';
import { isJobId } from '../jobs/id.ts';
import { ProblemError, problems } from '../jobs/problem.ts';
import type { Following } from '../stream/feed.ts';
import { parseCursor } from '../stream/frames.ts';
import { comeBackResponse, STREAM_HEADERS, streamResponse } from '../stream/response.ts';
import { maySee } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { noSuchJob } from './problems.ts';

/** How long an EventSource is to wait when we can't serve it now, in ms. */
const TROUBLE_RETRY_MS = 5000;

/** The stream route. */
export function eventRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId/events', async (c) => {
    try {
      return await watch(c, deps);
    } catch (error) {
      if (!passes(error) || !wantsStream(c)) throw error;
      return comeBackResponse(TROUBLE_RETRY_MS);
    }
  });
  return app;
}

async function watch(c: Context<AppEnv, '/:jobId'>, { feed, tokens, log }: AppDeps): Promise<Response> {
  const jobId = c.req.param('jobId');
  if (!isJobId(jobId)) throw noSuchJob();
  const token = c.req.query('token');
  if (token !== undefined) await tokens.check(jobId, token);

  const cursor = parseCursor(c.req.header('last-event-id') ?? c.req.query('lastEventId'));
  const following = await feed.follow(jobId, cursor);
  const allowed = following && (token !== undefined || maySee(c.var.user, following.first));
  if (!allowed) {
    following?.stop();
    throw noSuchJob();
  }
  if (following.over || c.req.method === 'HEAD') return withoutBody(following);
  log.info({ jobId, requestId: c.var.requestId, cursor }, 'stream opened');
  return streamResponse(following);
}

/** A job that has no more to say answers 204, which stops EventSource; a HEAD request follows nothing. */
function withoutBody(following: Following): Response {
  following.stop();
  return following.over
    ? new Response(null, { status: 204, headers: { 'Cache-Control': 'no-store' } })
    : new Response(null, { headers: STREAM_HEADERS });
}

/** Whether waiting is all that helps: everything of ours that is not an answer. */
function passes(error: unknown): boolean {
  return !(error instanceof ProblemError) || problems[error.code].status >= 500;
}

function wantsStream(c: Context): boolean {
  return c.req.header('accept')?.includes('text/event-stream') ?? false;
}
