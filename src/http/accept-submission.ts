/**
 * A received submission becomes a request for a job, and that a job: what all routes that submit
 * share.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { userId } from '../identity/named-user.ts';
import { type ProblemCode, ProblemError } from '../job/problem.ts';
import type { Targets } from '../job/record.ts';
import { tenantOf } from '../job/tenant.ts';
import type { JobQueue } from '../jobs/queue.ts';
import type { AcceptedJob, SubmitRequest, SubmitResult } from '../jobs/submissions.ts';
import { traceIdOf } from '../job/trace-parent.ts';
import { beginSend, sentFacts } from '../traces/messaging.ts';
import { keptVersion } from '../kinds/input-versions.ts';
import type { Kind } from '../kinds/kind.ts';
import { CONTRACT_VERSION } from '../openapi/contract-version.ts';
import { abandoned } from '../store/queue-unavailable.ts';
import { setHeaders } from './answer.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';
import { checkTargets, targetFields } from './notification-targets.ts';
import { setAllowance } from './rate-limits.ts';
import type { ReceivedSubmission } from './receive-submission.ts';
import { deadlinesOf, idempotencyKey } from './submission-headers.ts';

/**
 * The fields beside the kind's own input: the user, as old clients name it, and the webhook and the
 * push at the end.
 */
export const envelopeOf = ({ notifications }: AppDeps) => ({ userId: userId.optional(), ...targetFields(notifications) });

type Envelope = { userId?: string } & Targets & Record<string, unknown>;

/** Reports what came of each submission: a job's origin, or the code of the refusal. */
export const countOutcomes = ({ events }: AppDeps, { name }: Kind) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await next(); // it does not reject: an error of the route is in the context
    events.submitted(name, c.error ? codeOf(c.error) : (c.get('outcome') ?? 'internal_error'));
  });

/** The same for a route whose kind is known only in it. */
export async function countOutcome<T>(
  c: Context<AppEnv>,
  { events }: Pick<AppDeps, 'events'>,
  kind: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const result = await work();
    events.submitted(kind, c.get('outcome') ?? 'internal_error');
    return result;
  } catch (error) {
    events.submitted(kind, codeOf(error));
    throw error;
  }
}

function codeOf(error: unknown): ProblemCode {
  return error instanceof ProblemError ? error.code : 'internal_error';
}

/** The request for a job, of a body that was received and validated. */
export function toRequest(c: Context<AppEnv>, kind: Kind, deps: AppDeps, { input: received, ignored }: ReceivedSubmission): SubmitRequest {
  const { userId: named, callbackUrl, pushToken, ...input } = received as Envelope;
  const user = c.get('user');
  const owner = user ?? (deps.identity.required ? undefined : named);
  const next = kind.next?.(input);
  return {
    kind: kind.name,
    next: next && { kind: next.kind.name, expected: next.expected, v: keptVersion(next.kind) },
    v: keptVersion(kind),
    input,
    ignored,
    targets: checkTargets({ callbackUrl, pushToken }, owner, deps),
    owner,
    tenant: tenantOf(owner, owner === undefined ? deps.addressOf(c) : undefined),
    plan: c.get('plan'),
    requestId: c.get('requestId'),
    key: idempotencyKey(c, kind.name, owner),
    ...deadlinesOf(c),
  };
}

/** Which header says that a job was there before. */
const ORIGIN_HEADERS = { new: {}, replayed: { 'Idempotent-Replayed': 'true' }, reused: { 'Job-Reused': 'true' } } as const;

/** Submits, and sets the headers of the answer. */
export async function submit(c: Context<AppEnv>, deps: AppDeps, request: SubmitRequest): Promise<AcceptedJob> {
  const { notifications, log } = deps;
  // For a stream an error can become an answer that asks the client to come again.
  const result = await send(c, deps, request).catch((error: unknown) => (c.set('outcome', codeOf(error)), Promise.reject(error)));
  setAllowance(c, result.allowance);
  c.set('outcome', result.type === 'refused' ? result.problem.code : result.origin);
  if (result.type === 'refused') throw result.problem;
  const { job, origin } = result;
  const { kind, owner, requestId, targets } = request;
  if (targets && origin === 'new') notifications.accepted(job.id, request.next?.kind);
  log.info({ jobId: job.id, requestId, kind, owner, origin, traceId: traceIdOf(c.get('traceparent')) }, 'job submitted');
  setHeaders(c, { Location: `/api/jobs/${job.id}`, 'Contract-Version': CONTRACT_VERSION, ...ORIGIN_HEADERS[origin] });
  return result;
}

/** Submits within a span, which the spans of the job's runs are part of. */
async function send(c: Context<AppEnv>, { submissions, tracer }: AppDeps, request: SubmitRequest): Promise<SubmitResult> {
  const span = beginSend(tracer, request.kind, c.get('traceparent'));
  const { traceparent } = span;
  try {
    const result = await submissions.submit(traceparent === undefined ? request : { ...request, traceparent });
    if (result.type === 'refused') span.end({ error: result.problem.code });
    else {
      if (result.origin !== 'new') span.link(result.job.traceparent); // its runs are part of that one
      span.end({ facts: { ...sentFacts(result.job.id), 'ai_jobs.origin': result.origin } });
    }
    return result;
  } catch (error) {
    span.end({ error: codeOf(error) });
    throw error;
  }
}

/**
 * Does work for a job that was accepted. If Redis stops answering meanwhile, the client gets 503
 * and does not learn the job's id. One that the same request again would not find is abandoned, or
 * the client would buy it twice.
 */
export async function orAbandon<T>(queue: Pick<JobQueue, 'abandon'>, accepted: AcceptedJob, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (accepted.origin !== 'new' || accepted.repeatable || !isUnavailable(error)) throw error;
    queue.abandon(accepted.job.id);
    throw abandoned(accepted.job.id, error);
  }
}

/** Whether Redis does not answer. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'queue_unavailable';
}
