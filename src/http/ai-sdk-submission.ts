/** Submissions of the AI SDK's clients: their body becomes a job, and the answer is its stream. */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { AcceptedJob, SubmitRequest } from '../jobs/submissions.ts';
import { untilAdmitted } from '../jobs/eta.ts';
import { ESTIMATE_AGE_MS } from '../jobs/stats.ts';
import type { Kind } from '../kinds/kind.ts';
import { countOutcome, envelopeOf, orAbandon, submit, toRequest } from './accept-submission.ts';
import type { AppDeps } from './app-deps.ts';
import { checkCoding, receiveFor } from './body.ts';
import type { AppEnv } from './context.ts';
import { answerNotFound, unauthorized } from './problems.ts';
import { createKeeping, createReceiver } from './receive-submission.ts';
import type { Hold } from './shares.ts';

/** How a body of one of the clients is read. */
export type ReadBody = (kind: Kind, body: unknown) => unknown;

/** Submits a body of JSON, whatever type it has. */
export type SubmitBody = (c: Context<AppEnv>, readBody: ReadBody, own: Own) => Promise<Response>;

/** What a route does of its own. */
export type Own = {
  /** Completes the request, and notes what must be known before the job is added. */
  prepare?(request: SubmitRequest): Promise<SubmitRequest>;
  /** Answers once the job is there. `place`: that of the stream. */
  answer(accepted: AcceptedJob, request: SubmitRequest, place: Hold): Promise<Response>;
};

/**
 * Makes the function that submits for a kind. The place of the stream is held before anything is
 * bought that could not be watched.
 */
export function createSubmit(kind: Kind, deps: AppDeps): SubmitBody {
  const schema = kind.input.extend(envelopeOf(deps));
  const untilRoom = async () => untilAdmitted(await deps.queue.stats(ESTIMATE_AGE_MS), 1);
  const submitBody: SubmitBody = async (c, readBody, { prepare = async (request) => request, answer }) => {
    checkCaller(c, deps);
    checkCoding(c.req.header('content-encoding'));
    const receive = createReceiver(kind, schema, deps.files.maxBytes, (body) => readBody(kind, body));
    const held = deps.shares.bodies.hold(c.get('holder'), 0);
    try {
      const received = await receive('application/json', receiveFor(c, deps, held));
      const request = await prepare(toRequest(c, kind, deps, received));
      const keeping = kind.files && createKeeping(deps.files, request.tenant, received, untilRoom);
      const place = deps.shares.streams.hold(request.tenant, 1);
      try {
        const accepted = await submit(c, deps, { ...request, ...keeping });
        received.files.clear();
        held.release();
        return await orAbandon(deps.queue, accepted, () => answer(accepted, request, place));
      } catch (error) {
        place.release();
        throw error;
      }
    } finally {
      held.release();
    }
  };
  return (c, readBody, own) => countOutcome(c, deps, kind.name, () => submitBody(c, readBody, own));
}

/**
 * Checks that the process goes on, and that a user is named where one is needed.
 * @throws ProblemError `queue_unavailable` or `unauthorized`
 */
export function checkCaller(c: Context<AppEnv>, { draining, identity }: Pick<AppDeps, 'draining' | 'identity'>): void {
  if (draining())
    throw new ProblemError('queue_unavailable', 'This server is about to stop; another one takes over in a moment.', {
      retryAfterMs: 5000,
    });
  if (identity.required && c.get('user') === undefined) throw unauthorized(identity);
}

/** Makes what finds the kind of an address, with something that was made for it once. */
export function createKindFinder<Made>(deps: AppDeps, make: (kind: Kind) => Made) {
  const known = new Map(deps.kinds.map((kind) => [kind.name, { kind, made: make(kind) }]));
  return async (c: Context<AppEnv, '/:kindName'>, handle: (found: { kind: Kind; made: Made }) => Promise<Response>): Promise<Response> => {
    const found = known.get(c.req.param('kindName'));
    return found ? handle(found) : answerNotFound(c);
  };
}
