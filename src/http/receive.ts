/** What happens to every request before its route: it gets an id, its host is checked, its caller is read and counted. One pass, and one log line. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { tenantOf } from '../job/tenant.ts';
import { setHeaders } from './answer.ts';
import type { Caller } from '../identity/caller.ts';
import { ProblemError } from '../job/problem.ts';
import { answerRetryLater, wantsStream } from './answer-stream.ts';
import { createCors } from './cors.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { createHostCheck } from './hosts.ts';
import { createOriginCheck } from './origins.ts';
import { type HolderDeps, setHolder } from './holder.ts';
import { answerErrors } from './problems.ts';
import { refuseReads } from './rate-limits.ts';
import { createRefusalRests } from './refusal-rests.ts';
import { mayShowToken } from './read-access.ts';

/** What it needs. */
type Deps = Pick<AppDeps, HolderDeps | 'log' | 'hosts' | 'pages' | 'readLimit' | 'pace' | 'addressOf' | 'identity'>;

/** Makes the middleware. `methods`: those of the app's routes. */
export function receive(deps: Deps, methods: () => string[]) {
  const { log, hosts, pages, identity } = deps;
  const cors = createCors(pages, methods);
  const checkHost = createHostCheck(hosts);
  const checkOrigin = createOriginCheck(pages);
  const answerError = answerErrors(log);
  const restBefore = createRefusalRests();

  /** Answers requests that go no further; undefined for those that do. */
  const answerEarly = (c: Context<AppEnv>): Response | undefined | Promise<Response | undefined> => {
    checkHost(c);
    setHeaders(c, cors.headersFor(c)); // no page may read the answer to an unknown host
    if (c.req.method === 'OPTIONS') return cors.preflight(c);
    checkOrigin(c);
    if (!c.req.path.startsWith('/api/')) {
      setHolder(c, deps, tenantOf(undefined, deps.addressOf(c))); // the other routes are nobody's
      return undefined;
    }
    try {
      const caller = identity.identify((name) => c.req.header(name));
      if (!(caller instanceof Promise)) return begin(c, caller);
      return caller.then(
        (known) => begin(c, known),
        (error) => beginUnbelieved(c, error),
      );
    } catch (error) {
      return beginUnbelieved(c, error);
    }
  };

  /** The token in an address is enough for reading: clients that took it up once may repeat an old header for ever. */
  const beginUnbelieved = (c: Context<AppEnv>, error: unknown): Response | undefined | Promise<undefined> => {
    if (!mayShowToken(c)) return retryLater(c, error);
    c.set('identityFault', error);
    return begin(c, undefined);
  };

  const begin = (c: Context<AppEnv>, caller: Caller | undefined): Response | undefined | Promise<undefined> => {
    if (caller) c.set('user', caller.user);
    if (caller?.session !== undefined) c.set('session', caller.session);
    if (caller?.plan !== undefined) c.set('plan', caller.plan);
    const holder = tenantOf(caller?.user, caller === undefined ? deps.addressOf(c) : undefined);
    const full = setHolder(c, deps, holder);
    const refused = refuseReads(c, deps, holder);
    if (refused) return refused;
    if (full) return refuse(c, full);
    if (!caller) {
      deps.pace.asks(holder); // behind an address may be many; what they are refused is paced
      return undefined;
    }
    try {
      return deps.pace.next(holder)?.then(() => undefined);
    } catch (error) {
      return refuse(c, error);
    }
  };

  const refuse = (c: Context<AppEnv>, error: unknown): Response => {
    if (wantsStream(c) && c.req.method === 'GET') return answerRetryLater(c);
    throw error;
  };

  /** Before an answer that refuses: who goes on asking all the same gets it later. */
  const restOf = (c: Context<AppEnv>): Promise<void> | undefined => {
    const { status } = c.res;
    if (status === 429) return restBefore(c.get('holder'));
    if (status < 400 || status >= 500 || c.get('user') !== undefined || c.get('holder') === undefined) return undefined;
    try {
      return deps.pace.next(c.get('holder'));
    } catch {
      return undefined; // it is refused already
    }
  };

  return createMiddleware<AppEnv>(async (c, next) => {
    const start = performance.now();
    const requestId = requestIdOf(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    c.set('headers', { 'x-request-id': requestId });
    try {
      const answered = answerEarly(c);
      const early = answered instanceof Promise ? await answered : answered; // most need no wait
      if (early) c.res = early;
      else await next(); // it does not reject: an error of a route is answered by the app's onError
    } catch (error) {
      c.res = await answerError(error as Error, c);
    }
    await restOf(c);
    // By path: a query may carry a token.
    const { method, path } = c.req;
    log.info({ requestId, method, path, status: c.res.status, ms: Math.round(performance.now() - start) }, 'request');
  });
}

/** An EventSource gives up at any status but 200, so what passes by itself tells it to come back. */
function retryLater(c: Context<AppEnv>, error: unknown): Response {
  if (!(error instanceof ProblemError) || error.code !== 'identity_unavailable' || !wantsStream(c) || c.req.method !== 'GET') throw error;
  return answerRetryLater(c, error.extras.retryAfterMs);
}

/** The id that the request came with, if it is short and safe in a log, or a new one. */
function requestIdOf(text: string | undefined): string {
  return text !== undefined && /^[\w\-=]{1,255}$/.test(text) ? text : crypto.randomUUID();
}
