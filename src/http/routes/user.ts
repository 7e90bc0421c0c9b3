/** The routes for all of the caller's jobs: a list, and one stream for all of them. */
import { Hono, type Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { z } from 'zod';
import { listJobs } from '../../archive/job-list.ts';
import type { JobPage, JobRange } from '../../jobs/listing.ts';
import { encodeRetry, PADDING } from '../../stream/sse-encoding.ts';
import { type Begin, RETRY_MS, STREAM_HEADERS } from '../../stream/response.ts';
import { answer, answerJson } from '../answer.ts';
import { unauthorized } from '../problems.ts';
import { cursor, toCursor, validQuery } from '../list-query.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { accessOf } from '../job-access.ts';
import { addressesFor, presentJob } from '../present.ts';
import { beginFollowAll } from '../request-span.ts';
import { consumeLocal } from '../rate-limits.ts';
import { holding, retryLaterOnTrouble, wantsStream } from '../answer-stream.ts';

/** `GET /api/jobs` and `GET /api/events`. */
export function userRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs', admitList(deps), validQuery(query), (c) => list(c, deps, c.req.valid('query')));
  app.get('/api/events', (c) => retryLaterOnTrouble(c, deps, wantsStream(c), async () => watchAll(c, deps)));
  return app;
}

/** The query of the list. `cursor` is the `nextCursor` of an earlier answer. */
const query = z.object({
  status: z.enum(['waiting', 'active', 'completed', 'failed', 'cancelled']).optional(),
  kind: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: cursor.optional(),
});

/** Refuses a request without a user, and a user who lists too often, before the query is read. */
const admitList = (deps: AppDeps) =>
  createMiddleware<AppEnv>((c, next) => {
    callerOf(c, deps);
    consumeLocal(c, deps.listLimit);
    return next();
  });

/** The caller's jobs, newest first, without their results. */
async function list(c: Context<AppEnv>, deps: AppDeps, { limit, cursor: after, status, kind }: z.output<typeof query>): Promise<Response> {
  const user = callerOf(c, deps);
  const filter = status === undefined && kind === undefined ? undefined : { status, kind };
  const { jobs, next } = await readList(c, deps, user, { limit, after, filter, signal: c.req.raw.signal });
  const addresses = await addressesFor(deps);
  const shown = jobs.map((job) => ({ ...presentJob(job, addresses), result: undefined }));
  return answerJson(c, { jobs: shown, nextCursor: next && toCursor(next) });
}

/**
 * Reads a page out of Redis, and where there is an archive out of both. Users take turns at Redis;
 * while the archive answers they hold no place.
 */
function readList(c: Context<AppEnv>, { queue, archive, shares }: AppDeps, user: string, range: JobRange): Promise<JobPage> {
  const redis = async (part: JobRange) => {
    const release = await shares.reads.turn(c.get('holder'), part.signal);
    return queue.jobsOf(user, part).finally(release);
  };
  if (!archive) return redis(range);
  return listJobs({ redis, archive: (part) => archive.list(user, part, accessOf(c)), there: (jobIds) => queue.there(jobIds) }, range);
}

async function watchAll(c: Context<AppEnv>, { userFeed, transport, shares, log, identity, tracer }: AppDeps): Promise<Response> {
  const user = callerOf(c, { identity });
  if (c.req.method === 'HEAD') return answer(c, 200, null, STREAM_HEADERS);
  const place = shares.streams.hold(c.get('holder'), 1);
  c.set('waits', true);
  log.info({ requestId: c.get('requestId'), owner: user }, 'user stream opened');
  const begin: Begin = (sink) => {
    sink.write(new TextEncoder().encode(PADDING + encodeRetry(RETRY_MS)));
    return userFeed.follow(user, sink);
  };
  const span = beginFollowAll(c, tracer);
  const until = { release: () => (place.release(), span.end()) };
  return transport(c.env, answer(c, 200, null, STREAM_HEADERS), holding(until, begin));
}

function callerOf(c: Context<AppEnv>, { identity }: Pick<AppDeps, 'identity'>): string {
  const user = c.get('user');
  if (user !== undefined) return user;
  throw unauthorized(identity);
}
