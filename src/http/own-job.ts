/** Who may cancel or retry a job: its owner. To know its id is enough for reading, but not for this. */
import type { Context } from 'hono';
import type { Snapshot } from '../job/snapshot.ts';
import { isJobId } from '../job/id.ts';
import { maySee, unauthorized } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { accessOf, findJob } from './find-job.ts';
import { noSuchJob } from './problems.ts';

/** Finds the job of the address, if the caller may act on it. Throws `unauthorized` or `job_not_found` if not. */
export async function findOwnJob(
  c: Context<AppEnv, '/:jobId'>,
  { identity, ...stores }: Pick<AppDeps, 'queue' | 'archive' | 'identity'>,
): Promise<Snapshot> {
  const jobId = c.req.param('jobId');
  const user = c.get('user');
  if (identity.required && user === undefined) throw unauthorized(identity);
  const allows = (job: Snapshot): boolean => maySee(user, job);
  const seen = isJobId(jobId) ? await findJob(stores, { jobId, access: accessOf(c), allows }) : undefined;
  if (!seen) throw noSuchJob();
  if (seen.snapshot.owner !== undefined && user === undefined) throw unauthorized(identity);
  return seen.snapshot;
}
