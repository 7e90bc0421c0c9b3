/** Makes the Job object that clients get from a snapshot. */
import type { Snapshot } from '../job/snapshot.ts';
import { showPause } from '../job/paused-by.ts';
import { toProblem } from '../job/problem.ts';
import type { AppDeps } from './app-deps.ts';
import { type JobUrls, jobUrls } from './job-addresses.ts';

/** A Job as JSON; absent fields are left out. */
export type JobObject = Record<string, unknown>;

/**
 * Makes the addresses of a job, and puts those of its outputs and of its child into a result or an
 * item of it.
 */
export type Addresses = {
  of(jobId: string): JobUrls & { cancelUrl: string };
  putOutputs<T>(jobId: string, value: T): T;
};

/** Resolves with the functions that make the addresses in one answer. */
export async function addressesFor({
  tokens,
  identity,
  outputUrls,
}: Pick<AppDeps, 'tokens' | 'identity' | 'outputUrls'>): Promise<Addresses> {
  const issue = await tokens.issuer();
  return {
    of: (id) => ({ ...jobUrls(id, issue, identity.required), cancelUrl: `/api/jobs/${id}/cancel` }),
    putOutputs: (id, value) => outputUrls(id)?.(issue)(value) ?? value,
  };
}

/**
 * Presents a job. `etaSeconds`: when it will have ended, in s from now, if that can be estimated.
 */
export function presentJob(snapshot: Snapshot, addresses: Addresses, etaSeconds?: number): JobObject {
  const { id, kind, status, attempt, maxAttempts, progress, position, provider, model, end } = snapshot;
  return {
    jobId: id,
    kind,
    status,
    progress: progress && { ...progress, percent: status === 'completed' ? 100 : progress.percent },
    attempt: attempt > 0 ? attempt : undefined,
    maxAttempts,
    position,
    etaSeconds,
    retryAt: date(snapshot.retryAt),
    paused: snapshot.paused && showPause(snapshot.paused),
    createdAt: date(snapshot.createdAt),
    startedAt: date(snapshot.startedAt),
    cancelAt: date(snapshot.cancelAt),
    cancelRequestedAt: date(snapshot.cancelRequestedAt),
    finishedAt: date(snapshot.finishedAt),
    expiresAt: date(snapshot.expiresAt),
    result: end?.outcome.type === 'completed' ? addresses.putOutputs(id, end.outcome.result) : undefined,
    error: end?.outcome.type === 'failed' ? end.outcome.error : undefined,
    usage: end?.outcome.usage,
    provider,
    model,
    ignored: snapshot.ignored,
    ...addresses.of(id),
  };
}

/** Presents a job that was just submitted, without reading it from Redis. */
export function presentQueued(
  { id, kind, createdAt, maxAttempts, ignored }: Pick<Snapshot, 'id' | 'kind' | 'createdAt' | 'maxAttempts' | 'ignored'>,
  addresses: Addresses,
): JobObject {
  return { jobId: id, kind, status: 'queued', createdAt: date(createdAt), maxAttempts, ignored, ...addresses.of(id) };
}

/**
 * Presents a job for the first clients, which know four statuses only: `cancelled` becomes
 * `failed`.
 */
export function toLegacyJob(job: JobObject): JobObject {
  if (job['status'] !== 'cancelled') return job;
  return { ...job, status: 'failed', error: toProblem('cancelled', 'The job was cancelled.') };
}

function date(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
