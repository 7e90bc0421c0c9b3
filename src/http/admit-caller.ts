/**
 * Identifies the caller, and counts the request for that user or address: the limit of reads, the
 * answers that wait, the pace.
 */
import type { Context } from 'hono';
import type { Caller } from '../identity/caller.ts';
import { ProblemError } from '../job/problem.ts';
import { tenantOf } from '../job/tenant.ts';
import { takesKeys } from './client-addresses.ts';
import { answerRetryLater, wantsStream } from './answer-stream.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';
import { setHolder } from './holder.ts';
import { stepsOf } from './pace.ts';
import { setAllowance } from './rate-limits.ts';
import { mayShowToken } from './job-access.ts';
import { tooFast } from '../jobs/refusal.ts';
import type { Tenant } from '../job/tenant.ts';

/** An answer to a request that goes no further; undefined for one that does. */
type Early = Response | undefined | Promise<Response | undefined>;

/**
 * Makes the function that admits requests under `/api/`. Most need no wait, so it returns a promise
 * only for those that do.
 * @throws ProblemError as the identity, and `too_many_open`, `server_busy` or `rate_limited`
 */
export function createAdmitCaller(deps: AppDeps): (c: Context<AppEnv>) => Early {
  const { identity, pace } = deps;

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
      pace.asks(holder); // behind an address may be many; what they are refused is paced
      return undefined;
    }
    try {
      return pace.next(holder, stepsOf(c.req.header('content-length')))?.then(() => undefined);
    } catch (error) {
      return refuse(c, error);
    }
  };

  /**
   * Goes on without the user if the address has a token: that is enough for reading, and a client
   * may repeat an old header for ever.
   */
  const beginUnbelieved = (c: Context<AppEnv>, error: unknown): Response | undefined | Promise<undefined> => {
    if (!mayShowToken(c)) return retryLater(c, error);
    c.set('identityFault', error);
    return begin(c, undefined);
  };

  return (c) => {
    try {
      const headerOf = (name: string) => c.req.header(name);
      const byKey = identity.identifyByKey && takesKeys(c.req.path);
      const caller = byKey ? identity.identifyByKey?.(headerOf) : identity.identify(headerOf);
      if (!(caller instanceof Promise)) return begin(c, caller);
      return caller.then(
        (known) => begin(c, known),
        (error) => beginUnbelieved(c, error),
      );
    } catch (error) {
      return beginUnbelieved(c, error);
    }
  };
}

/**
 * Counts a request for the limit of reads. Only a client with a defect reaches this limit, so its
 * headers come with the 429 only. Answers a stream that comes back by itself; undefined: the
 * request may go on.
 * @throws ProblemError `rate_limited` if there were too many
 */
function refuseReads(c: Context<AppEnv>, { readLimit }: Pick<AppDeps, 'readLimit'>, tenant: Tenant): Response | undefined {
  const allowance = readLimit.consume(tenant);
  if (allowance.allowed) return undefined;
  if (wantsStream(c) && c.req.method === 'GET') return answerRetryLater(c, allowance.resetMs);
  setAllowance(c, allowance);
  throw tooFast(readLimit.policy, allowance.resetMs);
}

/** Refuses for now. A stream is answered with the time after which to reconnect. */
function refuse(c: Context<AppEnv>, error: unknown): Response {
  if (wantsStream(c) && c.req.method === 'GET') return answerRetryLater(c);
  throw error;
}

/**
 * An EventSource gives up at any status but 200, so trouble that passes is answered with the time
 * after which to reconnect.
 */
function retryLater(c: Context<AppEnv>, error: unknown): Response {
  if (!(error instanceof ProblemError) || error.code !== 'identity_unavailable' || !wantsStream(c) || c.req.method !== 'GET') throw error;
  return answerRetryLater(c, error.extras.retryAfterMs);
}
