/** Finds a job for a request: in Redis, and where that has forgotten it, in the archive. */
import type { Context } from 'hono';
import type { Access } from '../archive/archive.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { AppDeps, AppEnv } from './env.ts';

/**
 * What is looked for. `access`: by whose rights the archive is read. `allows`: whether the request may have a job that Redis has.
 * `after`: see ReadJob.
 */
export type Search = { jobId: string; access: Access; allows: (job: Snapshot) => boolean; after?: number | undefined };

/**
 * Reads a job; undefined if there is none that the request may have. For a job that it may not have the archive is asked, too: else
 * the answer would tell it from a job that does not exist while the archive is out of reach.
 */
export async function findJob({ queue, archive }: Pick<AppDeps, 'queue' | 'archive'>, search: Search): Promise<JobView | undefined> {
  const { jobId, access, allows, after } = search;
  const seen = await queue.read(jobId, after);
  if (seen && allows(seen.snapshot)) return seen;
  const archived = await archive?.read(jobId, access);
  return archived && !seen && allows(archived.snapshot) ? archived : undefined;
}

/** A user reads by their own rights. A request without one has shown by a token that it may read the job. */
export function accessOf(c: Context<AppEnv>): Access {
  const [user, session] = [c.get('user'), c.get('session')];
  return user === undefined || session === undefined ? { as: 'service' } : { as: 'user', user, session };
}
