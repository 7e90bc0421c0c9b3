/** Answers with a job's stream: to a GET on its address, and to a POST that asks for a stream. */
import type { Context } from 'hono';
import { ProblemError, problems } from '../job/problem.ts';
import { traceIdOf } from '../job/trace-parent.ts';
import { type Cursor, encodeRetry } from '../stream/sse-encoding.ts';
import type { Following } from '../stream/feed.ts';
import { endFrame, resetFrame, statusFrame } from '../stream/job-frames.ts';
import { type Begin, beginStream, STREAM_HEADERS } from '../stream/response.ts';
import { answer } from './answer.ts';
import type { AppDeps } from './app-deps.ts';
import { clientProtocolOf } from './client-addresses.ts';
import type { AppEnv } from './context.ts';
import type { Reader } from './job-access.ts';
import { beginFollow } from './request-span.ts';
import type { Hold } from './shares.ts';

/** How long a client should wait before it reconnects if it can't be served now, in ms. */
const TROUBLE_RETRY_MS = 5000;

/**
 * A request for a job's stream. `cursor`: the last event that the client has. `reader`: what the
 * request may read. `opening`: frames to send first. `place`: the place that the request holds
 * already; it is released with the stream, or when this fails.
 */
export type WatchRequest = { jobId: string; cursor: Cursor; reader: Reader; opening?: string; place?: Hold };

/**
 * Follows a job and answers with its stream. After the job's end it answers 204, which stops
 * EventSource.
 * @throws ProblemError `too_many_open` or `server_busy` if there is no place for one more stream,
 * and the reader's refusal
 */
export async function watchJob(c: Context<AppEnv>, deps: AppDeps, watching: WatchRequest): Promise<Response> {
  // Where a user is named it is known before the job is read for whom it counts. A HEAD request
  // gets no events.
  const known = c.get('user') !== undefined && c.req.method !== 'HEAD';
  const place = watching.place ?? (known ? deps.shares.streams.hold(c.get('holder'), 1) : undefined);
  try {
    return await openStream(c, deps, { ...watching, ...(place && { place }) });
  } catch (error) {
    place?.release();
    throw error;
  }
}

async function openStream(c: Context<AppEnv>, deps: AppDeps, { jobId, cursor, reader, opening, place }: WatchRequest): Promise<Response> {
  const following = await findFollowing(deps, jobId, cursor, reader);
  if (following.over || c.req.method === 'HEAD') {
    following.stop();
    place?.release();
    if (c.req.method !== 'HEAD') deps.notifications.endSeen(following.first); // it has the end already
    return following.over ? answer(c, 204, null, { 'Cache-Control': 'no-store' }) : answer(c, 200, null, STREAM_HEADERS);
  }
  try {
    const holder = reader.holderOf(following.first);
    const held = place ?? deps.shares.streams.hold(holder, 1);
    deps.countFor(c.env, holder);
    c.set('waits', true);
    deps.log.info({ jobId, requestId: c.get('requestId'), cursor, traceId: traceIdOf(following.first.traceparent) }, 'stream opened');
    const span = beginFollow(c, deps.tracer, following.first);
    const until = { release: () => (held.release(), span.end()) };
    return deps.transport(c.env, answer(c, 200, null, STREAM_HEADERS), holding(until, beginStream(following, opening)));
  } catch (error) {
    following.stop();
    throw error;
  }
}

/** Begins a stream that holds a place until it is over. */
export function holding(place: Pick<Hold, 'release'>, begin: Begin): Begin {
  return (sink) => {
    const stop = begin(sink);
    return () => {
      stop();
      place.release();
    };
  };
}

/** Follows a job, where Redis has it, or the archive. */
async function findFollowing(deps: AppDeps, jobId: string, cursor: Cursor, reader: Reader): Promise<Following> {
  const found = await deps.feed.follow(jobId, cursor);
  if (found && reader.allows(found.first)) return found;
  found?.stop();
  const archived = await followArchived(deps, jobId, cursor, reader); // asked for a foreign job, too: see findJob
  if (archived && !found) return archived;
  throw reader.refusal();
}

/**
 * Follows a job that Redis has forgotten: the archive has its end. Its stream is the status and the
 * end, and is closed then.
 */
async function followArchived(
  { archive, outputUrls, tokens }: Pick<AppDeps, 'archive' | 'outputUrls' | 'tokens'>,
  jobId: string,
  cursor: Cursor,
  { access, allows }: Reader,
): Promise<Following | undefined> {
  const first = (await archive?.read(jobId, access))?.snapshot;
  if (!first || !allows(first)) return undefined;
  const { end } = first;
  const sent = end && (outputUrls(jobId)?.(await tokens.issuer())(end) ?? end);
  return {
    first,
    over: end !== undefined && cursor !== 'malformed' && cursor >= end.seq,
    unknown: cursor === 'malformed',
    feed(sink) {
      const reset = cursor === 'malformed' ? resetFrame(jobId) : '';
      sink.write(new TextEncoder().encode(reset + statusFrame(first) + (sent ? endFrame(jobId, sent) : '')));
      sink.close();
    },
    stop() {},
  };
}

/**
 * Whether the client asks for one of our event streams in its Accept header, as EventSource does.
 * Other people's clients know no stream that only says when to come back.
 */
export function wantsStream(c: Context): boolean {
  return clientProtocolOf(c.req.path) === undefined && (c.req.header('accept')?.includes('text/event-stream') ?? false);
}

/**
 * Runs a stream's handler. EventSource gives up for ever at any status other than 200. So if the
 * trouble will pass and the client reconnects by itself (`asksAgain`), the answer is a 200 with the
 * time after which to reconnect.
 */
export async function retryLaterOnTrouble(
  c: Context<AppEnv>,
  { draining }: Pick<AppDeps, 'draining'>,
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

/** Answers a client that reconnects by itself with the time after which it should, in ms. */
export function answerRetryLater(c: Context<AppEnv>, ms: number = TROUBLE_RETRY_MS): Response {
  return answer(c, 200, encodeRetry(Math.ceil(ms)), STREAM_HEADERS);
}

/**
 * Whether an error passes with time. Errors of the server do. Too many requests, or too many open
 * streams, pass for a client that reconnects (`returning`).
 */
function passes(error: unknown, returning: boolean): boolean {
  if (!(error instanceof ProblemError)) return true;
  return problems[error.code].status >= 500 || (returning && (error.code === 'rate_limited' || error.code === 'too_many_open'));
}
