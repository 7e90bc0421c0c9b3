/**
 * Adding a job: one step admits and adds it. Where files are to be
 * stored between the two, another step adds it once they are.
 */
import type { Abandoning } from './abandon-job.ts';
import { FINGERPRINT_LENGTH, isMadeFrom, newJobId } from '../job/id.ts';
import type { AddAdmitted, AdmittedJob } from './add-admitted.ts';
import type { Admission, AdmissionRequest, Refusal } from './admission.ts';
import { childIdOf } from './child-id.ts';
import type { Lane } from '../store/keys.ts';
import type { Lanes } from './lanes.ts';
import { digestOf } from '../store/digest.ts';
import type { Allowance } from './rate-limit.ts';
import { type Payload, notifiesOf } from '../job/record.ts';
import { abandoned } from '../store/queue-unavailable.ts';
import { storeTrouble } from '../store/store-trouble.ts';

/** A job to be. */
export type AddRequest = Omit<Payload, 'next' | 'nextV' | 'parent' | 'tells' | 'reserved' | 'ignored'> & {
  kind: string;
  /**
   * The fields of its submission that its kind does not know.
   * They are no part of what makes two submissions the same.
   */
  ignored?: readonly string[] | undefined;
  /**
   * The job that it leads to: a place is kept for that one, too.
   * `expected`: its input, with nothing in the fields that this job fills; `v`: its version.
   */
  next?: { kind: string; expected: Record<string, unknown>; v?: number | undefined } | undefined;
  /**
   * What makes it one and the same job, however often it is
   * submitted. A digest of these parts is the key.
   */
  key?: readonly unknown[] | undefined;
  /** How long that is so, in ms; a day by default. */
  keyMs?: number | undefined;
  /**
   * Keeps the files of the input under the job's id: once the job is
   * admitted, and before it is added. Rejects if that can't be done.
   */
  keepFiles?: ((jobId: string) => Promise<void>) | undefined;
  /** Deletes them, where the job is not added after all. */
  dropFiles?: ((jobId: string) => Promise<unknown>) | undefined;
  /** After how long it is to be cancelled, in ms. */
  cancelAfterMs?: number | undefined;
  /** After how long it is to be cancelled if it has not begun, in ms. */
  startWithinMs?: number | undefined;
  /** Reckons what to reserve of its tenant's budgets, where there are any (reservation.ts). */
  reserve?: (() => string | undefined) | undefined;
  /** The user's plan, by whose terms it is admitted. */
  plan?: string | undefined;
};

/** The result of adding a job. `allowance`: what its tenant has left of its rate. */
export type AddResult = { allowance?: Allowance | undefined } & (
  | { type: 'added'; id: string; /** In ms since the epoch. */ createdAt: number }
  /** There is a job under the same key. `sameInput`: whether it was made from the same input. */
  | { type: 'known'; id: string; sameInput: boolean }
  | Refusal
);

/** How long an idempotency key is kept, in ms. */
const KEY_TTL_MS = 24 * 3600 * 1000;

/**
 * What two submissions under one key must agree in. A phone may
 * have another push token by the time it sends its request again.
 */
export function fingerprintOf({ input, targets }: Pick<AddRequest, 'input' | 'targets'>): unknown {
  return targets?.callbackUrl === undefined ? input : { input, callbackUrl: targets.callbackUrl };
}

/** What jobs are added with. */
export type JobAdderParts = {
  /** The admission by whose terms users of a plan are admitted. */
  admissionOf: (plan: string | undefined) => Admission;
  addAdmitted: AddAdmitted;
  lanes: Lanes;
  abandoning: Pick<Abandoning, 'abandon'>;
};

/**
 * Adds jobs. A job is never added before it is admitted, or a worker could take
 * one that was refused. Where Redis does not say whether it has added a job that
 * has no key, the job is abandoned; with a key the same request again finds it.
 */
export class JobAdder {
  readonly #parts;
  /** Requests with files that are on their way under a key. */
  readonly #running = new Map<string, Promise<AddResult>>();

  constructor(parts: JobAdderParts) {
    this.#parts = parts;
  }

  add(wanted: AddRequest): Promise<AddResult> {
    const key = wanted.key && digestOf(wanted.key);
    const { keepFiles } = wanted;
    if (!keepFiles) return this.#addAtOnce(wanted, key);
    return key === undefined ? this.#addWithFiles(wanted, keepFiles, key) : this.#addInTurn(wanted, keepFiles, key);
  }

  /**
   * Of requests under one key at once the first goes alone: else others would be
   * refused for a place and a budget that the same job takes. What came meanwhile
   * rejects as the first does, so that nobody waits for two time limits.
   */
  async #addInTurn(wanted: AddRequest, keepFiles: KeepFiles, key: string): Promise<AddResult> {
    const first = this.#running.get(key);
    if (first) {
      await first;
      return this.#addWithFiles(wanted, keepFiles, key);
    }
    const own = this.#addWithFiles(wanted, keepFiles, key);
    this.#running.set(key, own);
    try {
      return await own;
    } finally {
      this.#running.delete(key);
    }
  }

  async #addAtOnce(wanted: AddRequest, key: string | undefined): Promise<AddResult> {
    const admission = this.#parts.admissionOf(wanted.plan);
    const { request, known } = this.#toAdmission(wanted, { admission, key, lane: await this.#parts.lanes.of(wanted.kind) });
    const { jobId, reserved } = request;
    const record = { name: wanted.kind, payload: JSON.stringify(payloadOf(wanted, reserved)) };
    const admitted = await this.#orAbandon(jobId, key, admission.admit({ ...request, record, keyMs: wanted.keyMs ?? KEY_TTL_MS }));
    if (admitted.type === 'known') return { ...admitted, ...known(admitted.id) };
    if (admitted.type !== 'admitted') return admitted;
    return { type: 'added', id: jobId, createdAt: admitted.at, allowance: admitted.allowance };
  }

  async #addWithFiles(wanted: AddRequest, keepFiles: KeepFiles, key: string | undefined): Promise<AddResult> {
    const { dropFiles } = wanted;
    const admission = this.#parts.admissionOf(wanted.plan);
    const { request, known } = this.#toAdmission(wanted, { admission, key, lane: await this.#parts.lanes.of(wanted.kind) });
    const { jobId } = request;
    const admitted = await admission.admit(request);
    if (admitted.type === 'known') return { ...admitted, ...known(admitted.id) };
    if (admitted.type !== 'admitted') return admitted;
    try {
      await keepFiles(jobId);
    } catch (error) {
      await Promise.allSettled([admission.withdraw(request), dropFiles?.(jobId)]); // what can't be taken back now goes by itself
      throw error;
    }
    const { priority, at } = admitted;
    const id = await this.#orAbandon(jobId, key, this.#parts.addAdmitted(toAdmitted(wanted, { request, priority, at })));
    if (id === undefined || id === jobId) return { type: 'added', id: jobId, createdAt: at, allowance: admitted.allowance };
    await Promise.all([admission.withdraw(request), dropFiles?.(jobId)]); // another submission of the same key was faster
    return known(id);
  }

  /** What the admission is asked; and the result if the key is that of a known job. */
  #toAdmission(wanted: AddRequest, { admission, key, lane }: { admission: Admission; key: string | undefined; lane: Lane }) {
    const { kind, next, owner, tenant, targets, cancelAfterMs, startWithinMs } = wanted;
    // Only a key makes anyone ask whether the input was the same.
    const fingerprint = key && digestOf(fingerprintOf(wanted)).slice(0, FINGERPRINT_LENGTH);
    const jobId = newJobId(kind, fingerprint);
    const child = next && childIdOf(jobId, next.kind);
    const notifies = notifiesOf(targets) !== undefined;
    const reserved = admission.budgeted ? wanted.reserve?.() : undefined;
    const known = (id: string) => ({ type: 'known', id, sameInput: fingerprint === undefined || isMadeFrom(id, fingerprint) }) as const;
    return { request: { jobId, lane, child, tenant, owner, notifies, cancelAfterMs, startWithinMs, key, reserved }, known };
  }

  /** Abandons a job without a key where Redis does not say whether it was added. */
  #orAbandon<T>(jobId: string, key: string | undefined, adding: Promise<T>): Promise<T> {
    return adding.catch((error: unknown) => {
      if (key !== undefined || storeTrouble(error)?.type !== 'away') throw error;
      this.#parts.abandoning.abandon(jobId);
      throw abandoned(jobId, error);
    });
  }
}

type KeepFiles = NonNullable<AddRequest['keepFiles']>;

function payloadOf(wanted: AddRequest, reserved: string | undefined): Payload {
  const { owner, tenant, next, targets, requestId, v, input, ignored, traceparent, echo } = wanted;
  // Readers of a job find the first seven at the start of its JSON.
  const head = { owner, tenant, next: next?.kind, tells: notifiesOf(targets), reserved, ignored: ignored?.join('\n'), traceparent };
  return { ...head, requestId, targets, v, nextV: next?.v, input, echo };
}

type Admitted = { request: AdmissionRequest; priority: number; at: number };

function toAdmitted(wanted: AddRequest, { request, priority, at }: Admitted): AdmittedJob {
  const { jobId: id, lane, key, reserved } = request;
  const { kind, keyMs = KEY_TTL_MS } = wanted;
  return { id, kind, payload: payloadOf(wanted, reserved), lane, priority, at, key, keyMs };
}
