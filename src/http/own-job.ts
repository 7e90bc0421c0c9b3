/** Acting on a job: who reads it may know its id; who ends it or starts it again must say that it is theirs. */
import type { Context } from 'hono';
import type { Snapshot } from '../job/snapshot.ts';
import { isJobId } from '../job/id.ts';
import { maySee, unauthorized } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { noSuchJob } from './problems.ts';

/** The job of the address, if the caller may act on it. */
export async function findOwnJob(c: Context<AppEnv, '/:jobId'>, { queue, identityRequired }: AppDeps): Promise<Snapshot> {
  const jobId = c.req.param('jobId');
  const { user } = c.var;
  if (identityRequired && user === undefined) throw unauthorized();
  const seen = isJobId(jobId) ? await queue.read(jobId) : undefined;
  if (!seen || !maySee(user, seen.snapshot)) throw noSuchJob();
  if (seen.snapshot.owner !== undefined && user === undefined) throw unauthorized();
  return seen.snapshot;
}
