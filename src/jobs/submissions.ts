/**
 * Submissions: one policy for all that asks for work: availability,
 * limits, idempotency, same work, bounds. It knows no HTTP.
 */
import { type Billing, type Estimate, reservationFor } from '../job/estimate.ts';
import { ProblemError } from '../job/problem.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { Tenant } from '../job/tenant.ts';
import type { Kind } from '../kinds/kind.ts';
import type { AddRequest, AddResult } from './add-job.ts';
import type { Refusal } from './admission.ts';
import type { Clock } from '../store/clock.ts';
import type { JobQueue } from './queue.ts';
import type { Plans } from './plans.ts';
import type { ReadJob } from './read-job.ts';
import type { Allowance, LocalLimit } from './rate-limit.ts';
import { tooFast, toAdmissionProblem } from './refusal.ts';
import { toReserved } from './reservation.ts';
import type { RetryOutcome } from './retry-job.ts';
import { isSameUpgraded } from './same-input.ts';
import { ESTIMATE_AGE_MS } from './stats.ts';
import { unacceptedProblem } from './unaccepted.ts';
import type { Availability } from './worker-registry.ts';

/**
 * A request for a job, validated. `key`: the client's
 * idempotency key, made the user's and the kind's own.
 */
export type SubmitRequest = Omit<AddRequest, 'keyMs' | 'reserve'>;

/** A job that was made just now: what is known of it without reading it. */
export type NewJob = Pick<Snapshot, 'id' | 'kind' | 'createdAt' | 'maxAttempts'>;

/**
 * An accepted job. `new`: it was made now; `repeatable`: whether the same request again finds it.
 * `replayed`: the client's key had made it before. `reused`: it does the same work.
 */
export type AcceptedJob = { origin: 'new'; job: NewJob; repeatable: boolean } | { origin: 'replayed' | 'reused'; job: Snapshot };

/** A request that is refused. `allowance`: what of the submission limit is left, where it was asked. */
type Refused = { type: 'refused'; problem: ProblemError; allowance?: Allowance | undefined };

/** The result of a request. */
export type SubmitResult = ({ type: 'accepted'; allowance?: Allowance | undefined } & AcceptedJob) | Refused;

/** A job that is to be retried, and how. */
export type RetriedJob = Pick<Snapshot, 'id' | 'tenant' | 'next' | 'notifies' | 'reserved'>;
export type RetryTerms = { cancelAfterMs: number | undefined; startWithinMs: number | undefined; plan: string | undefined };

/** The result of a retry. */
export type RetryResult = { type: RetryOutcome; allowance?: Allowance | undefined } | Refused;

/** What the policy is made with. */
export type SubmissionOptions = {
  queue: JobQueue;
  clock: Clock;
  /** Finds a job that was made under a key before; by default in the queue. */
  findJob?: ReadJob | undefined;
  /** The kinds, by which a job's cost is estimated. Nothing is reserved for one that is not among them. */
  kinds: readonly Kind[];
  /** The limit of submissions, as this process keeps it while Redis is away. Else admission counts them. */
  localLimit: LocalLimit;
  /** What users of a plan may. */
  plans?: Plans | undefined;
  /** How long a user's identical input is the same job, in ms; 0 for never. */
  sameWorkMs: number;
  /** How often a job is tried. */
  maxAttempts: number;
};

/** How often a job that is not worth joining is passed over; after that a new one is made. */
const TRIES = 3;

/** The policy. Its calls reject with `queue_unavailable` within a second while Redis is away. */
export class Submissions {
  readonly #options: SubmissionOptions;
  readonly #readJob: ReadJob;

  constructor(options: SubmissionOptions) {
    this.#options = options;
    this.#readJob = (jobId, after) => options.queue.read(jobId, after);
  }

  submit(request: SubmitRequest): Promise<SubmitResult> {
    return this.#limited(request, () => this.#submit(request));
  }

  /** A failed job again. It counts as a submission, for it can cost as much. */
  retry(job: RetriedJob, { cancelAfterMs, startWithinMs, plan }: RetryTerms): Promise<RetryResult> {
    const { id: jobId, tenant, next, notifies, reserved } = job;
    return this.#limited({ tenant, plan }, async (): Promise<RetryResult> => {
      const terms = { bounded: true, cancelAfterMs, startWithinMs, notifies: notifies !== undefined, plan };
      const result = await this.#options.queue.retry({ jobId, tenant, next, reserved, ...terms });
      switch (result.type) {
        case 'limited':
        case 'blocked':
        case 'full':
        case 'too_many':
        case 'spent':
          return this.#refuseInWords(result);
        default:
          return result;
      }
    });
  }

  /** What a job of a kind with this input costs, in US dollars; `known`: whether all prices are. */
  async priceOf(kind: string, input: unknown): Promise<{ usd: number; known: boolean }> {
    const availability = await this.#options.queue.availability(kind);
    const billings = billingsOf(availability, input);
    const estimate = this.#estimateOf(kind, input);
    const known =
      estimate !== undefined && billings.length > 0 && billings.every(({ price, bills }) => price !== undefined || bills?.length === 0);
    return { usd: estimate ? reservationFor(estimate, billings).usd : 0, known };
  }

  /**
   * While Redis is away nothing is accepted. A client that asks too often is then refused for that,
   * and not because Redis is away.
   */
  async #limited<T>({ tenant, plan }: { tenant: Tenant; plan?: string | undefined }, work: () => Promise<T>): Promise<T | Refused> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'queue_unavailable') throw error;
      const { localLimit, plans } = this.#options;
      const allowance = localLimit.consume(tenant, plan === undefined ? undefined : plans?.[plan]?.rateLimitMax);
      if (allowance.allowed) throw error;
      return refuse(tooFast(allowance.policy, allowance.resetMs), allowance);
    }
  }

  async #submit(request: SubmitRequest): Promise<SubmitResult> {
    const { queue, sameWorkMs } = this.#options;
    const availability = await queue.availability(request.kind, request.input);
    if (availability.type === 'unavailable') return refuse(notConfigured(request.kind, availability));
    const unaccepted = unacceptedProblem(request.input, availability);
    if (unaccepted) return refuse(unaccepted);
    const following = request.next && (await queue.availability(request.next.kind, request.next.expected));
    if (request.next && following?.type === 'unavailable') return refuse(notConfigured(request.next.kind, following));
    const answers = availability.type === 'available' ? availability.answers : undefined;
    // Where workers differ in their models, or none is known, results may differ: jobs are not shared.
    const joins = request.key === undefined && sameWorkMs > 0 && answers !== undefined;
    const wanted = { ...request, reserve: () => this.#reserve(request, availability, following) };
    return joins ? this.#joinOrSubmit(wanted, answers) : this.#submitOnce(wanted);
  }

  /** With an idempotency key: the same request twice is one job, however it ended. */
  async #submitOnce(request: AddRequest): Promise<SubmitResult> {
    const { queue, findJob = this.#readJob } = this.#options;
    const result = await queue.add(request);
    if (result.type === 'added') return this.#accept(request, result);
    if (result.type !== 'known') return this.#refuseInWords(result);
    if (!result.sameInput && !(await this.#isSameUpgraded(request, result.id))) {
      return refuse(
        new ProblemError('idempotency_key_reused', 'This Idempotency-Key was sent with another input; a new request needs a new key.'),
      );
    }
    const seen = await findJob(result.id);
    if (seen) return { type: 'accepted', origin: 'replayed', job: seen.snapshot, allowance: result.allowance };
    const detail = 'The job of this Idempotency-Key is gone; send a new key to run it again.';
    return refuse(new ProblemError('job_expired', detail, { jobId: result.id }));
  }

  /** Whether a job that another release has added was made from the same request. */
  async #isSameUpgraded(request: AddRequest, jobId: string): Promise<boolean> {
    const { queue, kinds } = this.#options;
    const stored = await queue.payloadOf(jobId);
    return stored !== undefined && isSameUpgraded(request, stored, kinds);
  }

  /**
   * The same work once: a user's identical input within the
   * window is the job that runs for it, or its result.
   */
  async #joinOrSubmit(request: AddRequest, answers: string): Promise<SubmitResult> {
    const { queue, sameWorkMs } = this.#options;
    // A job notifies at one place: who is to be notified elsewhere gets a job of its own.
    const key = [request.tenant, request.kind, answers, request.input, ...(request.targets ? [request.targets] : [])];
    for (let n = 0; n < TRIES; n++) {
      const keyed = { ...request, key, keyMs: sameWorkMs };
      const result = await queue.add(keyed);
      if (result.type === 'added') return this.#accept(keyed, result);
      if (result.type !== 'known') return this.#refuseInWords(result);
      const { id, allowance } = result;
      const seen = await queue.read(id); // one that only the archive has is not worth a request
      const isWorthIt = seen && (seen.snapshot.end?.outcome.type ?? 'completed') === 'completed';
      if (isWorthIt) return { type: 'accepted', origin: 'reused', job: seen.snapshot, allowance };
      await queue.forget(key, id); // it failed, was cancelled or is gone: nobody wants that again
    }
    return this.#submitOnce(request);
  }

  #accept({ kind, key }: AddRequest, { id, createdAt, allowance }: Extract<AddResult, { type: 'added' }>): SubmitResult {
    const job = { id, kind, createdAt, maxAttempts: this.#options.maxAttempts };
    return { type: 'accepted', origin: 'new', job, repeatable: key !== undefined, allowance };
  }

  async #refuseInWords(refusal: Refusal & Pick<Refused, 'allowance'>): Promise<Refused> {
    const { queue, clock } = this.#options;
    const stats = () => queue.stats(ESTIMATE_AGE_MS).catch(() => undefined);
    return refuse(await toAdmissionProblem(refusal, { clock, stats, readJob: this.#readJob }), refusal.allowance);
  }

  /**
   * What to reserve of the tenant's budgets for a job and the
   * one that it leads to, which reads what the first one writes.
   */
  #reserve({ kind, input, next }: SubmitRequest, availability: Availability, following: Availability | undefined): string | undefined {
    const own = this.#estimateOf(kind, input) ?? NO_TOKENS;
    const child = next && this.#estimateOf(next.kind, next.expected);
    return toReserved(
      reservationFor(own, billingsOf(availability, input)),
      child && reservationFor({ ...child, inputTokens: child.inputTokens + own.outputTokens }, billingsOf(following)),
    );
  }

  #estimateOf(kind: string, input: unknown): Estimate | undefined {
    return this.#options.kinds.find(({ name }) => name === kind)?.estimate?.(input as Record<string, unknown>);
  }
}

function refuse(problem: ProblemError, allowance?: Allowance): Refused {
  return { type: 'refused', problem, allowance };
}

/** The estimate of a kind that has none. */
const NO_TOKENS: Estimate = { inputTokens: 0, outputTokens: 0 };

function billingsOf(availability: Availability | undefined, input?: unknown): readonly Billing[] {
  const { model: named } = (input ?? {}) as { model?: unknown };
  return availability?.type === 'available' ? availability.billings.filter(({ model }) => model === undefined || model === named) : [];
}

function notConfigured(kind: string, { missing, lacking }: Extract<Availability, { type: 'unavailable' }>): ProblemError {
  const without = lacking.length === 0 ? '' : ` without ${lacking.join(' and ')}`;
  const needs = missing.length === 0 ? '' : ` It needs these variables on a worker: ${missing.join(', ')}.`;
  return new ProblemError('provider_not_configured', `No worker can do ${kind}${without}.${needs}`);
}
