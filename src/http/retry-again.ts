/** A retry without regard to bounds, as operators ask for it. */
import type { AppDeps } from './app-deps.ts';

/**
 * Retries a job. Resolves with its id if it was still failed and now waits again.
 */
export async function retryAgain(
  { queue, notifications }: Pick<AppDeps, 'queue' | 'notifications'>,
  jobId: string,
): Promise<string | undefined> {
  const seen = await queue.read(jobId); // the list does not have the tenant
  const { tenant, next, notifies, reserved } = seen?.snapshot ?? {};
  if (notifies !== undefined) await notifications.handOn(jobId);
  const outcome = tenant && (await queue.retry({ jobId, tenant, next, reserved, notifies: notifies !== undefined, bounded: false }));
  return outcome?.type === 'retried' ? jobId : undefined;
}
