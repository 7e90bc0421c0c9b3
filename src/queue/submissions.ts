/** Submissions: one policy for all that asks for work: availability, limits, idempotency, same work, bounds. It knows no HTTP. */
import { digestOf } from '../job/id.ts';
import { ProblemError } from '../job/problem.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { AddRequest, Refusal } from './add-job.ts';
import type { JobQueue } from './queue.ts';
import type { Allowance, RateLimit } from './rate-limit.ts';
import { toRefusalProblem } from './refusal.ts';
import { ESTIMATE_AGE_MS } from './stats.ts';

/** A request for a job, validated. `key`: the client's idempotency key, made the user's and the kind's own. */
export type SubmitRequest = Omit<AddRequest, 'keyMs'>;

/** A job that was made just now: what is known of it without reading it. */
export type NewJob = Pick<Snapshot, 'id' | 'kind' | 'createdAt' | 'maxAttempts'>;

/** An accepted job: made now, or there before under the client's key, or there before since it is the same work. */
export type Accepted = { origin: 'new'; job: NewJob } | { origin: 'replayed' | 'reused'; job: Snapshot };

/** The result of a request. `allowance`: what of the submission limit is left, where it was asked. */
export type SubmitResult = { allowance?: Allowance | undefined } & (
  | ({ type: 'accepted' } & Accepted)
  | { type: 'refused'; problem: ProblemError }
);

/** The result of a retry. */
export type RetryResult = { allowance?: Allowance | undefined } & (
  | { type: 'retried' | 'not_failed' | 'unknown' }
  | { type: 'refused'; problem: ProblemError }
);

/** The policy. Its calls reject with `queue_unavailable` within a second while Redis is away. */
export type Submissions = {
  submit(request: SubmitRequest): Promise<SubmitResult>;
  /** A failed job again. It counts as a submission, for it can cost as much. */
  retry(job: Pick<Snapshot, 'id' | 'tenant'>, cancelAt: number | undefined): Promise<RetryResult>;
};

/** What the policy is made with. */
export type SubmissionOptions = {
  queue: JobQueue;
  limit: RateLimit;
  /** How long a user's identical input is the same job, in ms; 0 for never. */
  sameWorkMs: number;
  /** How often a job is tried. */
  maxAttempts: number;
};

/** How often a job that is not worth joining is passed over; after that a new one is made. */
const TRIES = 3;

type Decided = Accepted | ProblemError;

/** Makes the policy. */
export function createSubmissions({ queue, limit, sameWorkMs, maxAttempts }: SubmissionOptions): Submissions {
  const inWords = async (refusal: Refusal): Promise<ProblemError> =>
    toRefusalProblem(refusal, await queue.stats(ESTIMATE_AGE_MS).catch(() => undefined), queue.read);

  const tooFast = ({ resetMs }: Allowance): ProblemError => {
    const { max, windowS } = limit.policy;
    const detail = `More than ${max} requests of this sort in ${windowS} s; go on when Retry-After says.`;
    return new ProblemError('rate_limited', detail, { retryAfterMs: Math.max(resetMs, 1) });
  };

  const isNew = (kind: string, { id, createdAt }: { id: string; createdAt: number }): Accepted => ({
    origin: 'new',
    job: { id, kind, createdAt, maxAttempts },
  });

  /** With an idempotency key: the same request twice is one job, however it ended. */
  const submitOnce = async (request: SubmitRequest): Promise<Decided> => {
    const result = await queue.add(request);
    if (result.type === 'added') return isNew(request.kind, result);
    if (result.type !== 'known') return inWords(result);
    if (!result.sameInput) {
      return new ProblemError('idempotency_key_reused', 'This Idempotency-Key was sent with another input; a new request needs a new key.');
    }
    const seen = await queue.read(result.id);
    if (seen) return { origin: 'replayed', job: seen.snapshot };
    return new ProblemError('job_expired', 'The job of this Idempotency-Key is gone; send a new key to run it again.', {
      jobId: result.id,
    });
  };

  /** The same work once: a user's identical input within the window is the job that runs for it, or its result. */
  const joinOrSubmit = async (request: SubmitRequest, answers: string): Promise<Decided> => {
    const key = await digestOf([request.tenant, request.kind, answers, request.input]);
    for (let n = 0; n < TRIES; n++) {
      const result = await queue.add({ ...request, key, keyMs: sameWorkMs });
      if (result.type === 'added') return isNew(request.kind, result);
      if (result.type !== 'known') return inWords(result);
      const seen = await queue.read(result.id);
      if (seen && (seen.snapshot.end?.outcome.type ?? 'completed') === 'completed') return { origin: 'reused', job: seen.snapshot };
      await queue.forget(key, result.id); // it failed, was cancelled or is gone: nobody wants that again
    }
    return submitOnce(request);
  };

  const decide = async (request: SubmitRequest): Promise<Decided> => {
    const availability = await queue.availability(request.kind);
    if (availability.type === 'unavailable') return notConfigured(request.kind, availability.missing);
    const answers = availability.type === 'available' ? availability.answers : undefined;
    // Where workers differ in their models, or none is known, no answer stands for another.
    const joins = request.key === undefined && sameWorkMs > 0 && answers !== undefined;
    return joins ? joinOrSubmit(request, answers) : submitOnce(request);
  };

  return {
    async submit(request) {
      const allowance = await limit.consume(request.tenant);
      // What was accepted before is no new submission, however many there were since.
      const mayPass = allowance.allowed || (request.key !== undefined && (await queue.holds(request.key)));
      if (!mayPass) return { type: 'refused', problem: tooFast(allowance), allowance };
      const decided = await decide(request);
      const told = allowance.allowed ? { allowance } : {};
      if (decided instanceof ProblemError) return { type: 'refused', problem: decided, ...told };
      if (decided.origin !== 'new' && allowance.allowed) await limit.refund(request.tenant);
      return { type: 'accepted', ...decided, ...told };
    },

    async retry({ id, tenant }, cancelAt) {
      const allowance = await limit.consume(tenant);
      if (!allowance.allowed) return { type: 'refused', problem: tooFast(allowance), allowance };
      const result = await queue.retry({ jobId: id, tenant, bounded: true, cancelAt });
      return typeof result === 'string' ? { type: result, allowance } : { type: 'refused', problem: await inWords(result), allowance };
    },
  };
}

function notConfigured(kind: string, missing: string[]): ProblemError {
  const needs = missing.length === 0 ? '' : ` It needs these variables on a worker: ${missing.join(', ')}.`;
  return new ProblemError('provider_not_configured', `No worker can do ${kind}.${needs}`);
}
