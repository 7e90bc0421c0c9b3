/** Adding a job: admission, then BullMQ, in two trips. */
import type { Abandoning } from './abandon-job.ts';
import type { Queue } from 'bullmq';
import { FINGERPRINT_LENGTH, isMadeFrom, newJobId } from '../job/id.ts';
import type { Admission, Refusal } from './admission.ts';
import { childIdOf } from './child-id.ts';
import { digestOf } from '../store/digest.ts';
import { createFirstAlone } from './first-alone.ts';
import type { Allowance } from './rate-limit.ts';
import { type Payload, notifiesOf } from '../job/record.ts';
import { abandoned } from '../store/redis-connection.ts';
import { storeTrouble } from '../store/store-trouble.ts';

/** A job to be. */
export type AddRequest = Omit<Payload, 'next' | 'parent' | 'tells' | 'reserved' | 'ignored'> & {
  kind: string;
  /** The fields of its submission that its kind does not know. They are no part of what makes two submissions the same. */
  ignored?: readonly string[] | undefined;
  /** The job that it leads to: a place is kept for that one, too. `expected`: its input, with nothing in the fields that this job fills. */
  next?: { kind: string; expected: Record<string, unknown> } | undefined;
  /** What makes it one and the same job, however often it is submitted. A digest of these parts is the key. */
  key?: readonly unknown[] | undefined;
  /** How long that is so, in ms; a day by default. */
  keyMs?: number | undefined;
  /** Keeps the files of the input under the job's id: once the job is admitted, and before it is added. Rejects if that can't be done. */
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

/** What two submissions under one key must agree in. A phone may have another push token by the time it sends its request again. */
function fingerprintOf({ input, targets }: AddRequest): unknown {
  return targets?.callbackUrl === undefined ? input : { input, callbackUrl: targets.callbackUrl };
}

/**
 * Makes the function that adds jobs. A job is never added before it is admitted, or a worker could take one that was refused. Where Redis does
 * not say whether it has added a job that has no key, the job is abandoned; with a key the same request again finds it. Of
 * requests under one key at once the first goes alone: else others would be refused for a place and a budget that the same job takes.
 */
export function createAddJob(
  queue: Queue<Payload>,
  admissionOf: (plan: string | undefined) => Admission,
  abandoning: Pick<Abandoning, 'abandon'>,
): (request: AddRequest) => Promise<AddResult> {
  const firstAlone = createFirstAlone<AddResult>();

  const add = async (wanted: AddRequest, key: string | undefined): Promise<AddResult> => {
    const { plan, kind, next, owner, tenant, targets, requestId, input, keyMs = KEY_TTL_MS } = wanted;
    const { cancelAfterMs, startWithinMs, keepFiles, dropFiles } = wanted;
    const notifies = notifiesOf(targets);
    const admission = admissionOf(plan);
    const reserved = admission.budgeted ? wanted.reserve?.() : undefined;
    const ignored = wanted.ignored?.join('\n');
    // Readers of a job find the first six at the start of its JSON.
    const payload: Payload = { owner, tenant, next: next?.kind, tells: notifies, reserved, ignored, requestId, targets, input };
    // Only a key makes anyone ask whether the input was the same.
    const fingerprint = key && digestOf(fingerprintOf(wanted)).slice(0, FINGERPRINT_LENGTH);
    const isSame = (id: string): boolean => fingerprint === undefined || isMadeFrom(id, fingerprint);
    const jobId = newJobId(kind, fingerprint);
    const request = {
      jobId,
      child: next && childIdOf(jobId, next.kind),
      tenant,
      owner,
      notifies: notifies !== undefined,
      cancelAfterMs,
      startWithinMs,
      key,
      reserved,
    };
    const admitted = await admission.admit(request);
    if (admitted.type === 'known') return { ...admitted, sameInput: isSame(admitted.id) };
    if (admitted.type !== 'admitted') return admitted;
    const { priority, at, allowance } = admitted;
    if (keepFiles) {
      try {
        await keepFiles(jobId);
      } catch (error) {
        admission.added(jobId); // it is not on its way any more
        await Promise.allSettled([admission.withdraw(request), dropFiles?.(jobId)]); // what can't be taken back now goes by itself
        throw error;
      }
    }
    // BullMQ answers with the id of the job that holds the key, in the same trip; the key outlives that job.
    const deduplication = key === undefined ? {} : { deduplication: { id: key, ttl: keyMs } };
    const adding = queue.add(kind, payload, { jobId, priority, timestamp: at, ...deduplication });
    admission.added(jobId);
    const { id = jobId, timestamp } = await adding.catch((error: unknown) => {
      if (key !== undefined || storeTrouble(error)?.type !== 'away') throw error;
      abandoning.abandon(jobId);
      throw abandoned(jobId, error);
    });
    if (id === jobId) return { type: 'added', id, createdAt: timestamp, allowance };
    await Promise.all([admission.withdraw(request), dropFiles?.(jobId)]); // another submission of the same key was faster
    return { type: 'known', id, sameInput: isSame(id) };
  };

  return (wanted) => {
    const key = wanted.key && digestOf(wanted.key);
    return key === undefined ? add(wanted, key) : firstAlone(key, () => add(wanted, key));
  };
}
