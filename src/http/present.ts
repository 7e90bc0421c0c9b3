/** The Job object: a snapshot in the words and addresses that clients are promised. */
import type { Snapshot } from '../job/snapshot.ts';
import { toProblem } from '../job/problem.ts';
import type { AppDeps } from './env.ts';

/** A Job as JSON; absent fields are left out. */
export type JobObject = Record<string, unknown>;

/** What addresses are made with. */
type Addressing = Pick<AppDeps, 'tokens' | 'identityRequired'>;

/** Presents a job, with a fresh token for its stream. `etaSeconds` where it can be estimated. */
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

/** Presents a job that was submitted just now, without looking at it. */
export async function presentQueued(
  { id, kind, createdAt, maxAttempts }: Pick<Snapshot, 'id' | 'kind' | 'createdAt' | 'maxAttempts'>,
  addressing: Addressing,
): Promise<JobObject> {
  return { jobId: id, kind, status: 'queued', createdAt: date(createdAt), maxAttempts, ...(await links(id, addressing)) };
}

/** The same job for clients of the first days, who know four statuses: `cancelled` reads `failed`. */
export function toLegacyJob(job: JobObject): JobObject {
  if (job['status'] !== 'cancelled') return job;
  return { ...job, status: 'failed', error: toProblem('cancelled', 'The job was cancelled.') };
}

/** Where an identity is needed the status address carries the token too, for pollers who can send no header. */
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
