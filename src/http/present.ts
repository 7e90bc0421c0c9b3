/** Makes the Job object that clients get from a snapshot. */
import type { Snapshot } from '../job/snapshot.ts';
import { toProblem } from '../job/problem.ts';
import type { AppDeps } from './env.ts';

/** A Job as JSON; absent fields are left out. */
export type JobObject = Record<string, unknown>;

/** What the addresses in a Job are made with. */
type Addressing = Pick<AppDeps, 'tokens' | 'identityRequired'>;

/** Presents a job. Its addresses get a new token. `etaSeconds`: when it will have ended, in s from now, if that can be estimated. */
export async function presentJob(snapshot: Snapshot, addressing: Addressing, etaSeconds?: number): Promise<JobObject> {
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
    createdAt: date(snapshot.createdAt),
    startedAt: date(snapshot.startedAt),
    cancelAt: date(snapshot.cancelAt),
    cancelRequestedAt: date(snapshot.cancelRequestedAt),
    finishedAt: date(snapshot.finishedAt),
    expiresAt: date(snapshot.expiresAt),
    result: end?.outcome.type === 'completed' ? end.outcome.result : undefined,
    error: end?.outcome.type === 'failed' ? end.outcome.error : undefined,
    usage: end?.outcome.usage,
    provider,
    model,
    ...(await links(id, addressing)),
  };
}

/** Presents a job that was just submitted, without reading it from Redis. */
export async function presentQueued(
  { id, kind, createdAt, maxAttempts }: Pick<Snapshot, 'id' | 'kind' | 'createdAt' | 'maxAttempts'>,
  addressing: Addressing,
): Promise<JobObject> {
  return { jobId: id, kind, status: 'queued', createdAt: date(createdAt), maxAttempts, ...(await links(id, addressing)) };
}

/** Presents a job for the first clients, which know four statuses only: `cancelled` becomes `failed`. */
export function toLegacyJob(job: JobObject): JobObject {
  if (job['status'] !== 'cancelled') return job;
  return { ...job, status: 'failed', error: toProblem('cancelled', 'The job was cancelled.') };
}

/** The addresses of a job. Where an identity is required, the status address has the token, too, for clients that can't send the header. */
async function links(id: string, { tokens, identityRequired }: Addressing) {
  const query = `?token=${await tokens.issue(id)}`;
  return {
    statusUrl: `/api/job-status/${id}${identityRequired ? query : ''}`,
    streamUrl: `/api/jobs/${id}/events${query}`,
    cancelUrl: `/api/jobs/${id}/cancel`,
  };
}

function date(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
