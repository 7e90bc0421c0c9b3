/**
 * Finds a job for a request, in Redis or in the archive, and says who may read it and who may act
 * on it.
 */
import type { Context } from 'hono';
import type { ArchiveAccess } from '../archive/archive.ts';
import type { Snapshot } from '../job/snapshot.ts';
import { isJobId } from '../job/id.ts';
import { ProblemError } from '../job/problem.ts';
import { type Tenant, tenantOf } from '../job/tenant.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';
import { noSuchJob, unauthorized } from './problems.ts';
import { BEARER_INVALID, type TokenVerdict } from './stream-token.ts';

/** What one request may read. */
export type Reader = {
  /** By whose rights the archive is read. */
  access: ArchiveAccess;
  /** Whether the request may read this job. */
  allows(snapshot: Snapshot): boolean;
  /** The error for a job that does not exist or may not be read. It is the same for both. */
  refusal(): ProblemError;
  /**
   * The tenant for whom the request's holds count: its user, else the job's owner if it has shown
   * the job's token, else its address.
   */
  holderOf(snapshot: Snapshot): Tenant;
};

/** The addresses with a token: streams, output files, and `statusUrl`. */
const WITH_TOKEN = /^\/api\/(?:jobs\/[^/]+\/(?:events|output(?:\/[^/]+)?)|job-status\/[^/]+)$/;

/**
 * Whether a request may show a token for reading one job. Then the rest of its identity need not be
 * valid. A browser's preflight for such a request counts as one.
 */
export function mayShowToken(c: Context<AppEnv>): boolean {
  const method = c.req.method === 'OPTIONS' ? c.req.header('access-control-request-method') : c.req.method;
  return (method === 'GET' || method === 'HEAD') && WITH_TOKEN.test(c.req.path) && c.req.query('token') !== undefined;
}

/**
 * The reader of a job that this request has submitted: it may read it. `holder`: for whom it was
 * submitted.
 */
export function submitter(holder: Tenant): Reader {
  return { access: { as: 'service' }, allows: () => true, refusal: noSuchJob, holderOf: () => holder };
}

/**
 * Decides what a request for one job may read, by the user that it names and by `token`, if it has
 * one. A valid token is enough, whatever user the request names. Beside a valid user an invalid
 * token does no harm.
 * @throws ProblemError `unauthorized`, `token_invalid`, `token_expired` or `job_not_found` where
 * that is known without the job, and what was wrong with the identity if the token does not make up
 * for it
 */
export async function readerOf(
  c: Context<AppEnv, '/:jobId'>,
  { tokens, identity }: Pick<AppDeps, 'tokens' | 'identity'>,
  token: string | undefined,
): Promise<Reader> {
  const jobId = c.req.param('jobId');
  const user = c.get('user');
  const verdict = token === undefined ? 'none' : await tokens.check(jobId, token);
  // The job has not been read yet, so these answers tell nothing about it.
  if (verdict !== 'valid' && c.get('identityFault') !== undefined) throw c.get('identityFault');
  if (user === undefined && (verdict === 'invalid' || verdict === 'expired')) throw tokenProblem(verdict);
  if (user === undefined && verdict === 'none' && identity.required) throw unauthorized(identity);
  if (!isJobId(jobId)) throw noSuchJob();
  return {
    access: verdict === 'valid' ? { as: 'service' } : accessOf(c),
    allows: (snapshot) => verdict === 'valid' || maySee(user, snapshot),
    refusal: () => (verdict === 'invalid' ? tokenProblem(verdict) : noSuchJob()),
    holderOf: ({ owner }) =>
      user !== undefined || verdict !== 'valid' || owner === undefined ? c.get('holder') : tenantOf(owner, undefined),
  };
}

function tokenProblem(verdict: Exclude<TokenVerdict, 'valid'>): ProblemError {
  return verdict === 'invalid'
    ? new ProblemError('token_invalid', "The token is not this job's; take the addresses as the Job gives them.", BEARER_INVALID)
    : new ProblemError(
        'token_expired',
        "The token has expired; ask for the job's status as its user, for fresh addresses.",
        BEARER_INVALID,
      );
}

/**
 * Whether a caller may see a job. A caller without a user comes here only where no identity is
 * required, and may read any job whose id it knows, as the first clients do. A caller with a user
 * may see that user's jobs, and jobs without an owner.
 */
function maySee(user: string | undefined, { owner }: Snapshot): boolean {
  return user === undefined || owner === undefined || user === owner;
}

/**
 * Finds the job of the address, if the caller may act on it: its owner may. To know its id is
 * enough for reading, but not for this.
 * @throws ProblemError `unauthorized` or `job_not_found`
 */
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

/**
 * What is looked for. `access`: by whose rights the archive is read. `allows`: whether the request
 * may have a job that Redis has. `after`: see ReadJob.
 */
export type Search = { jobId: string; access: ArchiveAccess; allows: (job: Snapshot) => boolean; after?: number | undefined };

/**
 * Reads a job; undefined if there is none that the request may have. The archive is asked even for
 * a job that the request may not have. Otherwise the answer would differ from that for a missing
 * job while the archive is out of reach.
 */
export async function findJob({ queue, archive }: Pick<AppDeps, 'queue' | 'archive'>, search: Search): Promise<JobView | undefined> {
  const { jobId, access, allows, after } = search;
  const seen = await queue.read(jobId, after);
  if (seen && allows(seen.snapshot)) return seen;
  const archived = await archive?.read(jobId, access);
  return archived && !seen && allows(archived.snapshot) ? archived : undefined;
}

/**
 * A user reads by their own rights. A request without one has shown by a token that it may read the
 * job.
 */
export function accessOf(c: Context<AppEnv>): ArchiveAccess {
  const [user, session] = [c.get('user'), c.get('session')];
  return user === undefined || session === undefined ? { as: 'service' } : { as: 'user', user, session };
}
