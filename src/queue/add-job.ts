/** Adding a job: admission, then BullMQ, in two trips. */
import type { Queue } from 'bullmq';
import { fingerprintOf, isMadeFrom, newJobId } from '../job/id.ts';
import type { Admission, AdmissionResult } from './admission.ts';
import type { Payload } from './record.ts';

/** A job to be. */
export type AddRequest = Payload & {
  kind: string;
  /** The key under which it is one and the same job, however often it is submitted. */
  key?: string | undefined;
  /** How long that is so, in ms; a day by default. */
  keyMs?: number | undefined;
  /** When it is to be cancelled, in ms since the epoch. */
  cancelAt?: number | undefined;
  /** How many of this tenant's jobs run for one of another's, 1 by default: what a paid plan can buy. */
  weight?: number | undefined;
};

/** Why there is no place for a job. */
export type Refusal = Exclude<AdmissionResult, { type: 'admitted' | 'known' }>;

/** The result of adding a job. */
export type AddResult =
  /** `createdAt`: in ms since the epoch. */
  | { type: 'added'; id: string; createdAt: number }
  /** There is a job under the same key. `sameInput`: whether it was made from the same input. */
  | { type: 'known'; id: string; sameInput: boolean }
  | Refusal;

/** How long an idempotency key is kept, in ms. */
const KEY_TTL_MS = 24 * 3600 * 1000;

/** Makes the function that adds jobs. A job is never added before it is admitted, or a worker could take one that was refused. */
export function createAddJob(queue: Queue<Payload>, admission: Admission): (request: AddRequest) => Promise<AddResult> {
  return async ({ kind, owner, tenant, requestId, input, key, keyMs = KEY_TTL_MS, cancelAt, weight }) => {
    const payload: Payload = { owner, tenant, requestId, input }; // the operator's list reads the owner from the start of its JSON
    // Only a key makes anyone ask whether the input was the same.
    const fingerprint = key === undefined ? undefined : await fingerprintOf(input);
    const known = (id: string): AddResult => ({ type: 'known', id, sameInput: fingerprint === undefined || isMadeFrom(id, fingerprint) });
    const jobId = newJobId(kind, fingerprint);
    const request = { jobId, tenant, owner, weight, cancelAt, key };
    const admitted = await admission.admit(request);
    if (admitted.type === 'known') return known(admitted.id);
    if (admitted.type !== 'admitted') return admitted;
    // BullMQ answers with the id of the job that holds the key, in the same trip; the key outlives that job.
    const adding = queue.add(kind, payload, {
      jobId,
      priority: admitted.priority,
      ...(key !== undefined && { deduplication: { id: key, ttl: keyMs } }),
    });
    const [job] = await Promise.all([adding, admission.added(jobId)]); // one trip
    const id = job.id ?? jobId;
    if (id === jobId) return { type: 'added', id, createdAt: job.timestamp };
    await admission.withdraw(request); // another submission of the same key was faster
    return known(id);
  };
}
