/**
 * What happens to every request before its route: it gets an id, its host is checked, its caller is
 * read and counted. One pass, and one log line.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import { tenantOf } from '../job/tenant.ts';
import { traceIdOf } from '../job/trace-parent.ts';
import { setHeaders } from './answer.ts';
import { createAdmitCaller } from './admit-caller.ts';
import { createCors } from './cors.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';
import { createHostCheck } from './hosts.ts';
import { OPENAI_PATH } from './openai-error.ts';
import { checkAdminOrigin, createOriginCheck, isOfOperators } from './origins.ts';
import { setHolder } from './holder.ts';
import { answerErrors } from './problems.ts';
import { RefusalRests } from './pace.ts';
import { beginRequest, endRequest } from './request-span.ts';

/** Makes the middleware. `methods`: those of the routes that pages of other sites may call. */
export function receive(deps: AppDeps, methods: () => string[]) {
  const { log, pace, events, tracer } = deps;
  const answerEarly = createAnswerEarly(deps, methods);
  const answerError = answerErrors(log);
  const rests = new RefusalRests();

  return createMiddleware<AppEnv>(async (c, next) => {
    const start = performance.now();
    const requestId = requestIdOf(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    c.set('headers', { 'x-request-id': requestId });
    beginRequest(c, tracer);
    try {
      const answered = answerEarly(c);
      const early = answered instanceof Promise ? await answered : answered; // most need no wait
      if (early) c.res = early;
      else await next(); // it does not reject: an error of a route is answered by the app's onError
    } catch (error) {
      c.res = await answerError(error as Error, c);
    }
    await restBefore(c, pace, rests);
    // By path: a query may carry a token.
    const { method, path } = c.req;
    const { status } = c.res;
    const ms = performance.now() - start;
    if (!c.get('waits')) events.answered(method, routePath(c, -1), status, ms);
    endRequest(c);
    const [operator, traceId] = [c.get('operator'), traceIdOf(c.get('traceparent'))];
    log.info({ requestId, method, path, status, ms: Math.round(ms), operator, traceId }, 'request');
  });
}

/** Makes the function that answers requests which go no further; undefined for those that do. */
function createAnswerEarly(deps: AppDeps, methods: () => string[]) {
  const cors = createCors(deps.pages, methods);
  const checkHost = createHostCheck(deps.hosts);
  const checkOrigin = createOriginCheck(deps.pages);
  const admitCaller = createAdmitCaller(deps);
  /** For a route of no user: what it holds counts for the address. */
  const leaveToRoute = (c: Context<AppEnv>) => {
    setHolder(c, deps, tenantOf(undefined, deps.addressOf(c)));
    return undefined;
  };
  return (c: Context<AppEnv>): Response | undefined | Promise<Response | undefined> => {
    checkHost(c);
    if (isOfOperators(c.req.path)) {
      checkAdminOrigin(c);
      return leaveToRoute(c);
    }
    setHeaders(c, cors.headersFor(c)); // no page may read the answer to an unknown host
    if (c.req.method === 'OPTIONS') return cors.preflight(c);
    checkOrigin(c);
    return c.req.path.startsWith('/api/') || c.req.path.startsWith(OPENAI_PATH) ? admitCaller(c) : leaveToRoute(c);
  };
}

/** Waits before an answer that refuses: a client that goes on asking all the same gets it later. */
function restBefore(c: Context<AppEnv>, pace: AppDeps['pace'], rests: RefusalRests): Promise<void> | undefined {
  const { status } = c.res;
  if (status === 429) return rests.next(c.get('holder'));
  if (status < 400 || status >= 500 || c.get('user') !== undefined || c.get('holder') === undefined) return undefined;
  try {
    return pace.next(c.get('holder'));
  } catch {
    return undefined; // it is refused already
  }
}

/** The id that the request came with, if it is short and safe in a log, or a new one. */
function requestIdOf(text: string | undefined): string {
  return text !== undefined && /^[\w\-=]{1,255}$/.test(text) ? text : crypto.randomUUID();
}
