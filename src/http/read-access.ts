/** Who may read a job: its owner, a request with the job's token and, where no identity is required, a request that knows the job's id. */
import type { Context } from 'hono';
import type { Access } from '../archive/archive.ts';
import type { Snapshot } from '../job/snapshot.ts';
import { isJobId } from '../job/id.ts';
import { ProblemError } from '../job/problem.ts';
import { type Tenant, tenantOf } from '../job/tenant.ts';
import { maySee, unauthorized } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { accessOf } from './find-job.ts';
import { noSuchJob } from './problems.ts';
import { BEARER_INVALID, type TokenVerdict } from './stream-token.ts';

/** What one request may read. */
export type Reader = {
  /** By whose rights the archive is read. */
  access: Access;
  /** Whether the request may read this job. */
  allows(snapshot: Snapshot): boolean;
  /** The error for a job that does not exist or may not be read. It is the same for both. */
  refusal(): ProblemError;
  /** For whom it counts what the request holds: its user, else the job's owner if it has shown the job's token, else its address. */
  holderOf(snapshot: Snapshot): Tenant;
};

/** The addresses with a token: streams, output files, and `statusUrl`. */
const WITH_TOKEN = /^\/api\/(?:jobs\/[^/]+\/(?:events|output(?:\/[^/]+)?)|job-status\/[^/]+)$/;

/**
 * Whether a request may show a token for reading one job. Then its other claims about who it is need not be right. A browser's
 * preflight for such a request counts as one.
 */
export function mayShowToken(c: Context<AppEnv>): boolean {
  const method = c.req.method === 'OPTIONS' ? c.req.header('access-control-request-method') : c.req.method;
  return (method === 'GET' || method === 'HEAD') && WITH_TOKEN.test(c.req.path) && c.req.query('token') !== undefined;
}

/** The reader of a job that this request has submitted: it may read it. `holder`: for whom it was submitted. */
export function submitter(holder: Tenant): Reader {
  return { access: { as: 'service' }, allows: () => true, refusal: noSuchJob, holderOf: () => holder };
}

/**
 * Decides what a request for one job may read, by the user that it names and by `token`, if it has one. A valid token is enough,
 * whatever the request says of its user; beside a good user a token that is not valid does no harm.
 * @throws ProblemError `unauthorized`, `token_invalid`, `token_expired` or `job_not_found` where that is known without the job, and what
 * was wrong with the identity if the token does not make up for it
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
