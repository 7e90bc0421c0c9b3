/** Answering with a job's stream: what GET on its address does, and POST for a client that would rather watch. */
import type { Context } from 'hono';
import { ProblemError, problems } from '../job/problem.ts';
import { type Cursor, encodeRetry } from '../stream/sse-encoding.ts';
import { beginStream, STREAM_HEADERS } from '../stream/response.ts';
import type { AppDeps, AppEnv } from './env.ts';
import type { Reader } from './reading.ts';

/** How long a client is to wait when we can't serve it now, in ms. */
const TROUBLE_RETRY_MS = 5000;

/** What is watched: whose eyes may, from where, and frames to go before all others. */
export type Watching = { jobId: string; cursor: Cursor; reader: Reader; opening?: string };

/** Follows a job and answers with its stream; with 204 past its end, which stops EventSource. */
export async function watchJob(
  c: Context<AppEnv>,
  { feed, transport, log }: AppDeps,
  { jobId, cursor, reader, opening }: Watching,
): Promise<Response> {
  const following = await feed.follow(jobId, cursor);
  if (!following || !reader.allows(following.first)) {
    following?.stop();
    throw reader.refusal();
  }
  if (following.over || c.req.method === 'HEAD') {
    following.stop(); // a HEAD request follows nothing
    return following.over ? c.body(null, 204, { 'Cache-Control': 'no-store' }) : c.body(null, 200, STREAM_HEADERS);
  }
  log.info({ jobId, requestId: c.var.requestId, cursor }, 'stream opened');
  return transport(c.env, c.body(null, 200, STREAM_HEADERS), beginStream(following, opening));
}

/** Whether the client asks for a stream by name, as EventSource does. */
export function wantsStream(c: Context): boolean {
  return c.req.header('accept')?.includes('text/event-stream') ?? false;
}

/**
 * Runs a stream's handler. EventSource gives up for ever on any status but 200, so what passes by itself must
 * not look like an error to one that asks again by itself: it is told to come back in a moment.
 */
export async function retryLaterOnTrouble(
  c: Context<AppEnv>,
  { draining }: AppDeps,
  asksAgain: boolean,
  handle: () => Promise<Response>,
): Promise<Response> {
  try {
    if (draining())
      throw new ProblemError('queue_unavailable', 'This server is about to stop; another one takes over in a moment.', {
        retryAfterMs: 5000,
      });
    return await handle();
  } catch (error) {
    const returning = c.req.method === 'GET' || c.req.header('last-event-id') !== undefined;
    if (!asksAgain || !passes(error, returning)) throw error;
    return answerRetryLater(c, error instanceof ProblemError ? error.extras.retryAfterMs : undefined);
  }
}

/** Tells a client that asks again by itself when to do so, in ms. */
export function answerRetryLater(c: Context, ms: number = TROUBLE_RETRY_MS): Response {
  return c.body(encodeRetry(Math.ceil(ms)), 200, STREAM_HEADERS);
}

/** Whether waiting is all that helps: everything of ours that is not an answer; too many requests only to one who comes back by itself. */
function passes(error: unknown, returning: boolean): boolean {
  if (!(error instanceof ProblemError)) return true;
  return problems[error.code].status >= 500 || (returning && error.code === 'rate_limited');
}
