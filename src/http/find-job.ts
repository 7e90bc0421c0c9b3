/** Finds a job for a request: in Redis, and where that has forgotten it, in the archive. */
import type { Context } from 'hono';
import type { Access } from '../archive/archive.ts';
import type { JobView } from '../queue/read-job.ts';
import type { AppDeps, AppEnv } from './env.ts';

/** Reads a job; undefined if there is none. `access`: by whose rights the archive is read. `after`: see ReadJob. */
export async function findJob(
  { queue, archive }: Pick<AppDeps, 'queue' | 'archive'>,
  { jobId, access, after }: { jobId: string; access: Access; after?: number | undefined },
): Promise<JobView | undefined> {
  return (await queue.read(jobId, after)) ?? archive?.read(jobId, access);
}

/** A user reads by their own rights. A request without one has shown by a token that it may read the job. */
export function accessOf(c: Context<AppEnv>): Access {
  const [user, session] = [c.get('user'), c.get('session')];
  return user === undefined || session === undefined ? { as: 'service' } : { as: 'user', user, session };
}
